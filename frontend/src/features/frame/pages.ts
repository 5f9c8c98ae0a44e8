// The pages of the app, in the order of the side bar.
import { Activity, Database, Inbox, LayoutDashboard, Plug, type LucideIcon } from "lucide-react";

export interface PageLink {
  to: "/" | "/approvals" | "/connections" | "/data" | "/runs";
  name: string;
  icon: LucideIcon;
}

export const PAGES: PageLink[] = [
  { to: "/", name: "Dashboard", icon: LayoutDashboard },
  { to: "/approvals", name: "Approvals", icon: Inbox },
  { to: "/connections", name: "Connections", icon: Plug },
  { to: "/data", name: "Data", icon: Database },
  { to: "/runs", name: "Runs", icon: Activity },
];
