// Syncs, newest first: each with its origin, its balance and each stream's figures, reason and schema changes in words.
import { Link } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import { INK } from "@/components/tone";
import { Listing } from "@/components/listing";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { movedIn, totalOf } from "@/features/connections/moved";
import { equation } from "@/lib/balance";
import type { Schemas } from "@/lib/client";
import { count, plural } from "@/lib/numbers";
import { effort, reasonOf } from "@/lib/stream-sync";
import { lasted } from "@/lib/time";

type Sync = Schemas["SyncSeen"];
type StreamSync = Sync["streams"][number];

/** `named`: the list is of several connections. */
export function SyncList({ syncs, named = false, open }: { syncs: Sync[]; named?: boolean; open?: string | undefined }) {
  return (
    <ol className="divide-y divide-line">
      {syncs.map((sync, at) => (
        <li key={sync.id}>
          <details open={open === sync.id || (!named && at === 0)} className="group">
            <summary className="grid cursor-pointer gap-x-4 gap-y-1 px-4 py-3 hover:bg-sunken sm:grid-cols-[minmax(11rem,auto)_1fr_auto] sm:items-baseline">
              <span className="flex flex-wrap items-center gap-x-2">
                <Mark state={sync.state} />
                {named && <span className="font-bold break-words">{sync.connection}</span>}
                {sync.external && <Origin name={sync.external} />}
              </span>
              <span className={`min-w-0 text-sm break-words ${sync.state === "failed" ? "text-red" : ""}`}>{movedIn(sync)}</span>
              <span className="text-sm text-muted">
                <Moment at={sync.started_at} />, {lasted(sync.started_at, sync.ended_at)}
              </span>
            </summary>
            {named && sync.connection_id && (
              <p className="px-4 pb-2 text-sm">
                <Link to="/connections/$connectionId" params={{ connectionId: sync.connection_id }} search={{ part: "syncs" }} className="inline-flex min-h-6 items-center font-semibold text-blue underline">All syncs of {sync.connection}</Link>
              </p>
            )}
            <One sync={sync} />
          </details>
        </li>
      ))}
    </ol>
  );
}

const ORIGINS: Record<string, string> = { airbyte: "Airbyte" };

/** A job of another server, which only its own pages can change. */
export const Origin = ({ name }: { name: string }) => (
  <span className="inline-flex items-center gap-1 rounded border border-blue px-1.5 py-px text-xs font-bold whitespace-nowrap text-blue" title={`A job of an ${ORIGINS[name] ?? name} server: shown here, run there.`}>
    <ExternalLink size={11} aria-hidden /> from {ORIGINS[name] ?? name}
  </span>
);

function One({ sync }: { sync: Sync }) {
  const total = totalOf(sync);
  if (sync.streams.length === 0) return <p className="px-4 pb-4 text-sm text-muted">{sync.external ? "That server tells of the whole job only." : sync.state === "failed" ? "It failed before a stream was read. Nothing was lost." : "No stream was read."}</p>;
  return (
    <div className="space-y-2 pb-2">
      <p className={`px-4 text-sm ${total.balanced ? "text-muted" : INK.red}`}>
        {equation(total)}{sync.state === "failed" && ". What had landed stays; nothing was lost."}
      </p>
      <Listing label={`Streams of the sync of ${sync.connection}`} rows={sync.streams} rowKey={(one) => one.stream_id} parts={PARTS} />
    </div>
  );
}

const figure = (value: number, ink = "") => <span className={value === 0 ? "text-muted" : ink}>{count(value)}</span>;

export const FIGURES = [
  { head: "Read", kind: "number" as const, cell: (one: StreamSync) => figure(one.read) },
  { head: "Landed", kind: "number" as const, cell: (one: StreamSync) => figure(one.landed, "text-green") },
  { head: "Unchanged", kind: "number" as const, cell: (one: StreamSync) => figure(one.unchanged) },
  { head: "Rejected", kind: "number" as const, cell: (one: StreamSync) => figure(one.rejected, "text-red") },
  { head: "Deleted", kind: "number" as const, cell: (one: StreamSync) => figure(one.deleted) },
  { head: "Effort", cell: (one: StreamSync) => <span className="text-sm whitespace-nowrap text-muted">{effort(one) || "—"}</span> },
  { head: "What happened", cell: (one: StreamSync) => <Happened stream={one} /> },
];

const PARTS = [
  { head: "Stream", cell: (one: StreamSync) => <Link to="/streams/$streamId" params={{ streamId: one.stream_id }} search={{}} className="font-semibold text-blue hover:underline">{one.stream}</Link> },
  ...FIGURES,
];

function Happened({ stream }: { stream: StreamSync }) {
  const reason = reasonOf(stream);
  return (
    <div className="min-w-40 text-sm">
      <Mark state={stream.balanced ? stream.state : "unbalanced"} />
      {reason && <p className={`break-words ${stream.state === "failed" ? "text-red" : "text-muted"}`}>{reason}</p>}
      {stream.changed.length > 0 && <p className="break-words text-purple">{stream.changed.join("; ")}</p>}
      {stream.rejects.length > 0 && (
        <details className="text-muted">
          <summary className="cursor-pointer">{plural(stream.rejected, "rejected row")}</summary>
          <ul>{stream.rejects.slice(0, 10).map((one, at) => <li key={at} className="break-words">{rejectOf(one)}</li>)}</ul>
        </details>
      )}
    </div>
  );
}

const rejectOf = (one: Record<string, unknown>) => [typeof one.line === "number" && `line ${count(one.line)}`, typeof one.reason === "string" && one.reason].filter(Boolean).join(": ");
