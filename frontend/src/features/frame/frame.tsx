// What stands round every page: navigation, title, search, tenant, whether it is live.
import { Link, Outlet, useMatches } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useRef } from "react";
import { Key } from "@/components/button";
import { LiveDot } from "@/components/live-dot";
import { AccountMenu } from "@/features/frame/account-menu";
import { PAGES } from "@/features/frame/pages";
import { TenantMenu } from "@/features/frame/tenant-menu";
import { useLiveness } from "@/features/frame/live";
import { api } from "@/lib/client";

export function Frame({ onSearch, palette }: { onSearch: () => void; palette: React.ReactNode }) {
  const title = useMatches({ select: (matches) => matches.at(-1)?.staticData ?? {} });
  const main = useRef<HTMLElement>(null);
  const name = `AOS ${title.title ?? "not found"}`;
  useEffect(() => {
    document.title = name;
  }, [name]);
  const live = useLiveness();
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[3.5rem_1fr] lg:grid-cols-[14rem_1fr]">
      <a href="#content" onClick={(event) => { event.preventDefault(); main.current?.focus(); }} className="sr-only z-50 rounded-box bg-surface p-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        Skip to the page
      </a>
      <Navigation />
      <div className="flex min-h-dvh min-w-0 flex-col pb-16 md:pb-0">
        <header className="sticky top-0 z-30 flex min-h-14 items-center gap-x-3 border-b border-line bg-bg px-4 py-2 sm:px-6">
          <div className="min-w-0 flex-1">
            <h1 className="truncate text-lg leading-tight">{name}</h1>
            <p className="hidden truncate text-sm text-muted lg:block">{title.line}</p>
          </div>
          <button type="button" onClick={onSearch} className="inline-flex min-h-8 items-center gap-2 rounded-box border border-line bg-surface px-2.5 text-sm text-muted hover:bg-sunken">
            <Search size={14} aria-hidden />
            <span className="sr-only sm:not-sr-only">Search</span>
            <span className="sr-only"> pages, streams and entities</span>
            <span className="hidden sm:inline"><Key>⌘K</Key></span>
          </button>
          <TenantMenu />
          <span className="hidden sm:inline-flex"><LiveDot said={live} /></span>
          <AccountMenu />
        </header>
        <main ref={main} id="content" tabIndex={-1} className="min-w-0 flex-1 outline-none">
          <div className="px-4 pt-3 sm:hidden"><LiveDot said={live} /></div>
          <Outlet />
        </main>
      </div>
      {palette}
    </div>
  );
}

const CHOSEN = "text-green md:bg-sunken font-bold";

function Navigation() {
  const under = useMatches({ select: (matches) => matches.at(-1)?.staticData.under });
  const open = api.useQuery("get", "/api/v1/proposals", { params: { query: { state: "open", limit: 100 } } }, { refetchInterval: 30_000 });
  const waiting = open.data?.items.length ?? 0;
  return (
    <nav aria-label="Pages" className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface md:sticky md:inset-auto md:top-0 md:h-dvh md:border-t-0 md:border-r">
      <Link to="/" className="hidden items-center gap-2 px-3.5 py-4 font-bold md:flex" aria-label="AutonomOS, to the dashboard">
        <img src="/favicon.svg" alt="" width="28" height="28" />
        <span className="hidden text-lg lg:inline">AutonomOS</span>
      </Link>
      <ul className="flex justify-around md:block md:space-y-0.5 md:px-2">
        {PAGES.map(({ to, name, icon: Icon }) => (
          <li key={to} className="min-w-0 flex-1">
            <Link
              to={to}
              activeOptions={{ exact: to === "/", includeSearch: false }}
              activeProps={{ className: CHOSEN }}
              inactiveProps={{ className: under === to ? CHOSEN : "text-muted hover:text-text md:hover:bg-sunken font-semibold" }}
              title={name}
              className="relative flex min-h-14 flex-col items-center justify-center gap-0.5 text-xs md:min-h-9 md:flex-row md:justify-start md:gap-3 md:rounded-box md:px-3 md:text-base"
            >
              <Icon size={18} aria-hidden className="shrink-0" />
              <span className="md:sr-only lg:not-sr-only">{name}</span>
              {to === "/approvals" && waiting > 0 && (
                <span className="absolute top-1 left-1/2 ml-2 rounded-full bg-purple px-1.5 text-xs font-bold text-fill tabular-nums md:top-0 md:right-0 md:left-auto lg:static lg:ml-auto">
                  {waiting}
                  <span className="sr-only"> wait for you</span>
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
