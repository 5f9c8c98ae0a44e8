// What stands round every page: navigation, title, search, tenant, whether it is live.
import { Outlet, useMatches } from "@tanstack/react-router";
import { Eye, Search } from "lucide-react";
import { useEffect, useRef } from "react";
import { Key } from "@/components/button";
import { LiveDot } from "@/components/live-dot";
import { Moment } from "@/components/moment";
import { AccountMenu } from "@/features/frame/account-menu";
import { Navigation } from "@/features/frame/navigation";
import { TenantMenu } from "@/features/frame/tenant-menu";
import { useLiveness } from "@/features/frame/live";
import { useNews } from "@/features/frame/listening";
import { isHere, useMe } from "@/lib/session";

export function Frame({ onSearch, palette }: { onSearch: () => void; palette: React.ReactNode }) {
  const title = useMatches({ select: (matches) => matches.at(-1)?.staticData ?? {} });
  const main = useRef<HTMLElement>(null);
  const name = `AOS ${title.title ?? "not found"}`;
  useEffect(() => {
    document.title = name;
  }, [name]);
  const me = useMe();
  const here = isHere(me);
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
          {here && <span className="hidden sm:inline-flex"><Live /></span>}
          <AccountMenu />
        </header>
        {me.by_grant && me.tenant && (
          <p role="status" className="border-b border-line bg-sunken px-4 py-2 text-sm text-amber sm:px-6" data-by-grant>
            <Eye size={14} className="mr-1.5 inline" aria-hidden />
            {me.tenant.name} lets you look as an operator; it ends <Moment at={me.until} />. What you look at stands in its audit log.
          </p>
        )}
        <main ref={main} id="content" tabIndex={-1} className="min-w-0 flex-1 outline-none">
          {here && <div className="px-4 pt-3 sm:hidden"><Live /></div>}
          <Outlet />
        </main>
      </div>
      {here && <News />}
      {palette}
    </div>
  );
}

const Live = () => <LiveDot said={useLiveness()} />;

/** Who is in no tenant has nothing to be told of. */
function News() {
  useNews();
  return null;
}
