// The way between the pages: a bar at the side, or at the foot of a narrow screen.
import { Link, useLocation, useMatches } from "@tanstack/react-router";
import { MoreHorizontal } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { Menu, menuItem } from "@/components/menu";
import { pagesOf, split, type PageLink } from "@/features/frame/pages";
import { api } from "@/lib/client";
import { often } from "@/lib/news";
import { isHere, useMe } from "@/lib/session";

const CHOSEN = "text-green md:bg-sunken font-bold";
const ENTRY =
  "relative flex min-h-14 w-full flex-col items-center justify-center gap-0.5 text-xs md:min-h-9 md:flex-row md:justify-start md:gap-3 md:rounded-box md:px-3 md:text-base";

export function Navigation() {
  const me = useMe();
  const pages = pagesOf(me);
  const { bar, more } = split(pages);
  return (
    <nav aria-label="Pages" className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface md:sticky md:inset-auto md:top-0 md:h-dvh md:border-t-0 md:border-r">
      <Link to="/" className="hidden items-center gap-2 px-3.5 py-4 font-bold md:flex" aria-label="AutonomOS, to the dashboard">
        <img src="/favicon.svg" alt="" width="28" height="28" />
        <span className="hidden text-lg lg:inline">AutonomOS</span>
      </Link>
      <ul className="flex justify-around px-1 md:block md:space-y-0.5 md:px-2">
        {pages.map((page) => (
          <li key={page.to} className={bar.includes(page) ? "min-w-0 flex-auto" : "hidden md:block"}>
            <Entry page={page} waits={page.to === "/approvals" && isHere(me)} />
          </li>
        ))}
        {more.length > 0 && (
          <li className="min-w-0 flex-auto md:hidden">
            <More pages={more} />
          </li>
        )}
      </ul>
    </nav>
  );
}

function Entry({ page, waits }: { page: PageLink; waits: boolean }) {
  const under = useMatches({ select: (matches) => matches.at(-1)?.staticData.under });
  const Icon = page.icon;
  return (
    <Link
      to={page.to}
      activeOptions={{ exact: page.to === "/", includeSearch: false }}
      activeProps={{ className: CHOSEN }}
      inactiveProps={{ className: under === page.to ? CHOSEN : "text-muted hover:text-text md:hover:bg-sunken font-semibold" }}
      title={page.name}
      className={ENTRY}
    >
      <Icon size={18} aria-hidden className="shrink-0" />
      <span className="md:sr-only lg:not-sr-only">{page.name}</span>
      {waits && <Waiting />}
    </Link>
  );
}

function Waiting() {
  const open = api.useQuery("get", "/api/v1/proposals", { params: { query: { state: "open", limit: 100 } } }, { refetchInterval: often(30_000) });
  const waiting = open.data?.items.length ?? 0;
  if (waiting === 0) return null;
  return (
    <span className="absolute top-1 left-1/2 ml-2 rounded-full bg-purple px-1.5 text-xs font-bold text-fill tabular-nums md:top-0 md:right-0 md:left-auto lg:static lg:ml-auto">
      {waiting}
      <span className="sr-only"> wait for you</span>
    </span>
  );
}

function More({ pages }: { pages: PageLink[] }) {
  const here = useLocation({ select: ({ pathname }) => pathname });
  const chosen = pages.some((page) => here === page.to || here.startsWith(`${page.to}/`));
  return (
    <Menu
      trigger={
        <button type="button" className={`${ENTRY} ${chosen ? CHOSEN : "font-semibold text-muted"}`}>
          <MoreHorizontal size={18} aria-hidden className="shrink-0" />
          More
        </button>
      }
    >
      {pages.map(({ to, name, icon: Icon }) => (
        <DropdownMenu.Item key={to} asChild className={menuItem}>
          <Link to={to}>
            <Icon size={16} aria-hidden className="text-muted" /> {name}
          </Link>
        </DropdownMenu.Item>
      ))}
    </Menu>
  );
}
