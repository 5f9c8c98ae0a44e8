// The connections, a row each: what it is, its state and age in words, its balance, what last moved, and when it is read next.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { BalanceBar } from "@/components/balance";
import { Demo } from "@/components/demo";
import { LiveDot } from "@/components/live-dot";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { movedIn, selected, since, totalOf } from "@/features/connections/moved";
import { SourceIcon } from "@/features/connections/source-icon";
import { lagOf, statusOf, syncingOf, unplanned } from "@/features/connections/state";
import { buttonClass } from "@/components/button";
import { api, type Schemas } from "@/lib/client";
import { useNow } from "@/lib/clock";
import { isDemo } from "@/lib/freshness";
import { often, useTelling } from "@/lib/news";
import { count, plural } from "@/lib/numbers";
import { waitsForWord, wordOf } from "@/lib/onboarding";
import { can, useMe } from "@/lib/session";
import { sourceName } from "@/lib/words";

const ROW = "grid grid-cols-1 gap-x-4 gap-y-1 px-4 py-3 xl:grid-cols-[minmax(12rem,1.4fr)_minmax(10rem,1.2fr)_minmax(8.5rem,.8fr)_minmax(11rem,1fr)_minmax(9rem,1fr)_minmax(5rem,.5fr)] xl:items-center";

export function ConnectionList() {
  const asked = api.useQuery("get", "/api/v1/connections", {}, { refetchInterval: often(30_000) });
  const syncs = api.useQuery("get", "/api/v1/syncs", { params: { query: { limit: 100 } } }, { refetchInterval: often(30_000) });
  const waiting = asked.data?.items.some((one) => one.state === "onboarding") ?? false;
  const onboarding = api.useQuery("get", "/api/v1/onboarding", {}, { enabled: waiting, refetchInterval: often(10_000) });
  const may = can(useMe(), "create:connections");
  return (
    <Panel
      title="Connections"
      asked={asked}
      what="The connections"
      isEmpty={(said) => said.items.length === 0}
      empty={{
        shows: "One row for each system that is connected, with its state, its age and its balance.",
        because: may ? "No source is connected yet." : "No source is connected yet. An owner, an admin or an engineer of this tenant adds one.",
        ...(may ? { action: <Link to="/connections/new" search={{}} className={buttonClass("primary")}>Add a connection</Link> } : {}),
      }}
    >
      {({ items }) => (
        <>
          <div aria-hidden className={`${ROW} hidden border-b border-line bg-sunken py-2 text-sm font-semibold text-muted xl:grid`}>
            <span>Connection</span>
            <span>State</span>
            <span>Last read</span>
            <span>Balance</span>
            <span>Last moved</span>
            <span className="text-right">Next sync</span>
          </div>
          <ul className="divide-y divide-line">
            {items.map((connection) => (
              <Row
                key={connection.id}
                connection={connection}
                readAt={asked.dataUpdatedAt}
                syncs={syncs.data?.items.filter((one) => one.connection_id === connection.id) ?? []}
                intent={onboarding.data?.items.find((one) => one.connection_id === connection.id)}
              />
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

interface RowProps {
  connection: Schemas["ConnectionSeen"];
  readAt: number;
  syncs: Schemas["SyncSeen"][];
  intent: Schemas["Intent"] | undefined;
}

function Row({ connection, readAt, syncs, intent }: RowProps) {
  const now = useNow();
  const said = statusOf(connection, now);
  const lag = lagOf(connection, readAt, now);
  const live = syncingOf(connection, useTelling());
  const last = connection.last_sync;
  return (
    <li>
      <Link to="/connections/$connectionId" params={{ connectionId: connection.id }} search={{}} className={`${ROW} hover:bg-sunken`}>
        <span className="flex min-w-0 items-center gap-3">
          <SourceIcon source={connection.source} />
          <span className="min-w-0">
            <span className="font-bold break-words">{connection.name}</span>
            {isDemo(connection) && <span className="ml-2"><Demo /></span>}
            <span className="block text-sm text-muted">
              {sourceName(connection.source)}, {plural(connection.streams, "stream")}
            </span>
          </span>
        </span>
        <span className="min-w-0">
          <span className="flex flex-wrap items-center gap-x-3">
            <Mark state={said.state} word={said.words} />
            {live && <LiveDot said={live} />}
          </span>
          {connection.state === "active" && last?.error && <span className="block text-sm break-words text-red">{last.error.what}</span>}
          {intent && intent.state !== "active" && (
            <span className="block text-sm break-words text-muted">{intent.stuck && !waitsForWord(intent) ? `Stuck after “${wordOf(intent.state)}”: ${intent.stuck.what}` : `${wordOf(intent.state)}; waits ${intent.stuck ? "for you to activate it" : "for the next step"}`}</span>
          )}
          {connection.drift && <span className="block text-sm break-words text-amber">{connection.drift.streams.join(", ")} changed shape <Moment at={connection.drift.seen_at} /></span>}
        </span>
        <Cell name="Last read">
          {lag.state === "never" ? <span className="text-muted">{lag.words}</span> : <span title={lag.promise}>{lag.words}, <span className="inline-flex text-sm"><Mark state={lag.state} /></span></span>}
        </Cell>
        <Balanced sync={syncs.find((one) => one.state !== "running") ?? null} last={last} />
        <Moved syncs={selected(syncs)} last={last} />
        <Cell name="Next sync" right>
          <Moment planned at={connection.next_sync_at} never={unplanned(connection)} />
        </Cell>
      </Link>
    </li>
  );
}

type Last = Schemas["ConnectionSeen"]["last_sync"];

function Balanced({ sync, last }: { sync: Schemas["SyncSeen"] | null; last: Last }) {
  if (!last || last.state === "running") return <Cell name="Balance"><span className="text-muted">nothing read yet</span></Cell>;
  const total = sync && sync.id === last.id ? totalOf(sync) : null;
  return (
    <Cell name="Balance">
      <span className="inline-flex flex-wrap items-baseline gap-x-2 xl:flex">
        <Mark state={last.balanced ? "balanced" : "unbalanced"} /> <span className="whitespace-nowrap">{plural(last.read, "row")} read</span>
      </span>
      {total && total.rows > 0 && <span className="mt-1 hidden max-w-44 xl:block"><BalanceBar balance={total} /></span>}
    </Cell>
  );
}

/** The newest sync that moved data, and how many newer ones failed or moved nothing. */
function Moved({ syncs, last }: { syncs: Schemas["SyncSeen"][]; last: Last }) {
  const newest = syncs.at(-1);
  if (!newest) return <Cell name="Last moved">{last ? `${count(last.landed)} new or changed` : <span className="text-muted">nothing yet</span>}</Cell>;
  const newer = since(syncs);
  return (
    <Cell name="Last moved">
      {movedIn(newest)} <span className="text-muted"><Moment at={newest.ended_at ?? newest.started_at} /></span>
      {newer && <span className="block text-muted">{newer} since</span>}
    </Cell>
  );
}

/** A value under its column's head, which stands before it where there are no columns. */
const Cell = ({ name, right = false, children }: { name: string; right?: boolean; children: ReactNode }) => (
  <span className={`min-w-0 text-sm tabular-nums ${right ? "xl:text-right" : ""}`}>
    <span className="text-muted xl:sr-only">{name}: </span>
    {children}
  </span>
);
