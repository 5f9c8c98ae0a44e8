// The pages of the app, in the order of the side bar, and which of them somebody has.
import { Activity, Compass, Database, Inbox, LayoutDashboard, Plug, Server, Settings, type LucideIcon } from "lucide-react";
import type { Schemas } from "@/lib/client";
import { isHere } from "@/lib/session";

export interface PageLink {
  to: "/" | "/approvals" | "/connections" | "/discover" | "/data" | "/runs" | "/settings" | "/operator";
  name: string;
  icon: LucideIcon;
}

const OF_A_TENANT: PageLink[] = [
  { to: "/", name: "Dashboard", icon: LayoutDashboard },
  { to: "/approvals", name: "Approvals", icon: Inbox },
  { to: "/connections", name: "Connections", icon: Plug },
  { to: "/discover", name: "Discover", icon: Compass },
  { to: "/data", name: "Data", icon: Database },
  { to: "/runs", name: "Runs", icon: Activity },
];
const OPERATOR: PageLink = { to: "/operator", name: "Installation", icon: Server };
const SETTINGS: PageLink = { to: "/settings", name: "Settings", icon: Settings };

/** Who is in no tenant has no data to look at. */
export const pagesOf = (me: Schemas["Me"]): PageLink[] => [...(isHere(me) ? OF_A_TENANT : []), ...(me.operator ? [OPERATOR] : []), SETTINGS];

const IN_THE_BAR = 5;

/** A narrow screen has room for five in its bar; the others stand under "more". */
export const split = (pages: PageLink[]): { bar: PageLink[]; more: PageLink[] } => ({ bar: pages.slice(0, IN_THE_BAR), more: pages.slice(IN_THE_BAR) });
