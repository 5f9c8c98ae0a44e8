// The connections, a row each: what it is, its state in words, what the last sync read, drift, and when it is read next.
import { Link } from "@tanstack/react-router";
import { Database, FolderOpen, Plug } from "lucide-react";
import type { ReactNode } from "react";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { stateOf } from "@/features/connections/state";
import { api, type Schemas } from "@/lib/client";
import { useNow } from "@/lib/clock";
import { isDemo } from "@/lib/freshness";
import { count, plural } from "@/lib/numbers";
import { lasted } from "@/lib/time";
import { sourceName } from "@/lib/words";

const ICONS: Record<string, typeof Plug> = { files: FolderOpen, postgres: Database };
const ROW = "grid grid-cols-1 gap-x-4 gap-y-1 px-4 py-3 xl:grid-cols-[minmax(12rem,1.4fr)_minmax(13rem,1.4fr)_minmax(8rem,1fr)_minmax(8rem,1fr)_minmax(6rem,.7fr)] xl:items-center";

export function ConnectionList() {
  const asked = api.useQuery("get", "/api/v1/connections", {}, { refetchInterval: 30_000 });
  return (
    <Panel
      title="Connections"
      asked={asked}
      what="The connections"
      isEmpty={(said) => said.items.length === 0}
      empty={{ shows: "One row for each system that is connected.", because: "No source is connected yet. Whoever runs this installation adds one with the aos command." }}
    >
      {({ items }) => (
        <>
          <div aria-hidden className={`${ROW} hidden border-b border-line bg-sunken py-2 text-sm font-semibold text-muted xl:grid`}>
            <span>Connection</span>
            <span>State</span>
            <span>Last sync</span>
            <span>Drift</span>
            <span className="text-right">Next sync</span>
          </div>
          <ul className="divide-y divide-line">
            {items.map((connection) => (
              <Row key={connection.id} connection={connection} />
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function Row({ connection }: { connection: Schemas["ConnectionSeen"] }) {
  const said = stateOf(connection, useNow());
  const Icon = ICONS[connection.source] ?? Plug;
  const last = connection.last_sync;
  return (
    <li>
      <Link to="/connections/$connectionId" params={{ connectionId: connection.id }} className={`${ROW} hover:bg-sunken`}>
        <span className="flex min-w-0 items-center gap-3">
          <Icon size={20} aria-hidden className="shrink-0 text-blue" />
          <span className="min-w-0">
            <span className="font-bold break-words">{connection.name}</span>
            {isDemo(connection) && <span className="ml-2 rounded border border-amber px-1.5 py-px text-xs font-bold whitespace-nowrap text-amber">demo data</span>}
            <span className="block text-sm text-muted">
              {sourceName(connection.source)}, {plural(connection.streams, "stream")}
            </span>
          </span>
        </span>
        <span>
          <Mark state={said.state} word={said.words} />
          {last?.error && <span className="block text-sm text-red">{last.error.what}</span>}
        </span>
        <Cell name="Last sync">
          {last ? (
            <>
              {plural(last.read, "row")} read, {last.landed + last.deleted === 0 ? "nothing new" : `${count(last.landed)} new or changed`}
              <span className="block text-muted">in {lasted(last.started_at, last.ended_at)}</span>
            </>
          ) : (
            "never"
          )}
        </Cell>
        <Cell name="Drift">
          {connection.drift ? (
            <span className="font-semibold text-amber">
              {connection.drift.streams.join(", ")} changed shape <Moment at={connection.drift.seen_at} />
            </span>
          ) : (
            <span className="text-muted">none seen</span>
          )}
        </Cell>
        <Cell name="Next sync" right>
          <Moment at={connection.next_sync_at} never="paused" />
        </Cell>
      </Link>
    </li>
  );
}

/** A value under its column's head, which stands before it where there are no columns. */
const Cell = ({ name, right = false, children }: { name: string; right?: boolean; children: ReactNode }) => (
  <span className={`text-sm tabular-nums ${right ? "xl:text-right" : ""}`}>
    <span className="text-muted xl:sr-only">{name}: </span>
    {children}
  </span>
);
