// The history of one stream: what each sync read, landed and deleted of it, how long it took, and why it ended so.
import { Listing } from "@/components/listing";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { api, type Schemas } from "@/lib/client";
import type { StreamId } from "@/lib/ids";
import { often } from "@/lib/news";
import { count } from "@/lib/numbers";
import { effort, reasonOf } from "@/lib/stream-sync";

interface Seen {
  sync: Schemas["SyncSeen"];
  stream: Schemas["ReadingBalance"];
}

export function StreamSyncs({ id }: { id: StreamId }) {
  const asked = api.useQuery("get", "/api/v1/streams/{stream_id}/syncs", { params: { path: { stream_id: id }, query: { limit: 50 } } }, { refetchInterval: often(30_000) });
  return (
    <Panel title="Syncs of this stream, newest first" asked={asked} what="The syncs" isEmpty={(said) => said.items.length === 0} empty={{ shows: "What each sync read, landed and deleted of this stream.", because: "It has never been read." }}>
      {({ items }) => <Listing label="Syncs of this stream" rows={items.flatMap((sync) => sync.streams.filter((one) => one.stream_id === id).map((stream) => ({ sync, stream })))} rowKey={(one) => one.sync.id} parts={PARTS} />}
    </Panel>
  );
}

const figure = (value: number) => <span className={value === 0 ? "text-muted" : ""}>{count(value)}</span>;

const PARTS = [
  { head: "When", cell: (one: Seen) => <Moment at={one.sync.started_at} /> },
  { head: "State", cell: (one: Seen) => <Mark state={one.stream.balanced ? one.stream.state : "unbalanced"} /> },
  { head: "Read", kind: "number" as const, cell: (one: Seen) => figure(one.stream.read) },
  { head: "Landed", kind: "number" as const, cell: (one: Seen) => figure(one.stream.landed) },
  { head: "Unchanged", kind: "number" as const, cell: (one: Seen) => figure(one.stream.unchanged) },
  { head: "Rejected", kind: "number" as const, cell: (one: Seen) => figure(one.stream.rejected) },
  { head: "Deleted", kind: "number" as const, cell: (one: Seen) => figure(one.stream.deleted) },
  { head: "Effort", cell: (one: Seen) => <span className="text-sm whitespace-nowrap text-muted">{effort(one.stream) || "—"}</span> },
  {
    head: "What happened",
    cell: (one: Seen) => (
      <span className="text-sm break-words">
        <span className={one.stream.state === "failed" ? "text-red" : "text-muted"}>{reasonOf(one.stream)}</span>
        {one.stream.changed.length > 0 && <span className="block text-purple">{one.stream.changed.join("; ")}</span>}
      </span>
    ),
  },
];
