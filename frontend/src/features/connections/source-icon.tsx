// The icon of a kind of source; of one that is not known here, a plug.
import { Cloud, Database, FolderOpen, Leaf, Plug, type LucideIcon } from "lucide-react";

const ICONS: Record<string, LucideIcon> = { files: FolderOpen, postgres: Database, mongodb: Leaf, salesforce: Cloud };

export function SourceIcon({ source, size = 20 }: { source: string; size?: number }) {
  const Icon = ICONS[source] ?? Plug;
  return <Icon size={size} aria-hidden className="shrink-0 text-blue" />;
}
