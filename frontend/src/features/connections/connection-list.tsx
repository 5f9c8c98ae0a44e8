// The connections, a row each: what it is, its state in words, and what the last sync read.
import { Link } from "@tanstack/react-router";
import { Database, FolderOpen, Plug } from "lucide-react";
import { Mark } from "@/components/mark";
import { Panel } from "@/components/panel";
import { stateOf } from "@/features/connections/state";
import { readingTotal } from "@/lib/balance";
import { api } from "@/lib/client";
import { useNow } from "@/lib/clock";
import { isDemo } from "@/lib/freshness";
import { count, plural } from "@/lib/numbers";
import { sourceName } from "@/lib/words";

const ICONS: Record<string, typeof Plug> = { files: FolderOpen, postgres: Database };

export function ConnectionList() {
  const now = useNow();
  const asked = api.useQuery("get", "/api/v1/connections", {}, { refetchInterval: 30_000 });
  const syncs = api.useQuery("get", "/api/v1/syncs", { params: { query: { limit: 100 } } }, { refetchInterval: 30_000 });
  return (
    <Panel
      title="Connections"
      asked={asked}
      what="The connections"
      isEmpty={(said) => said.items.length === 0}
      empty={{ shows: "One row for each system that is connected.", because: "No source is connected yet. Whoever runs this installation adds one with the aos command." }}
    >
      {({ items }) => (
        <ul className="divide-y divide-line">
          {items.map((connection) => {
            const Icon = ICONS[connection.source] ?? Plug;
            const sync = syncs.data?.items.find((one) => one.id === connection.last_sync?.id);
            const said = stateOf(connection, sync, now);
            const read = sync ? readingTotal(sync.streams) : null;
            return (
              <li key={connection.id}>
                <Link to="/connections/$connectionId" params={{ connectionId: connection.id }} className="grid grid-cols-[auto_1fr] items-center gap-x-3 gap-y-1 px-4 py-3 hover:bg-sunken md:grid-cols-[auto_minmax(10rem,1fr)_minmax(14rem,1fr)_minmax(12rem,1fr)]">
                  <Icon size={20} aria-hidden className="text-blue" />
                  <span className="min-w-0">
                    <span className="font-bold break-words">{connection.name}</span>
                    {isDemo(connection) && <span className="ml-2 rounded border border-amber px-1.5 py-px text-xs font-bold text-amber">demo data</span>}
                    <span className="block text-sm text-muted">
                      {sourceName(connection.source)}, {plural(connection.streams, "stream")}
                    </span>
                  </span>
                  <span className="col-start-2 md:col-start-auto">
                    <Mark state={said.state} word={said.words} />
                    {connection.last_sync?.error && <span className="block text-sm text-red">{connection.last_sync.error.what}</span>}
                  </span>
                  <span className="col-start-2 text-sm text-muted tabular-nums md:col-start-auto md:text-right">
                    {read && `${count(read.rows)} rows read, ${count(read.parts[0]?.rows ?? 0)} new or changed`}
                  </span>
                </Link>
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}
