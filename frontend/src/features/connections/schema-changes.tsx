// What changed in the shape of a connection's streams, sync by sync, newest first.
import { Link } from "@tanstack/react-router";
import { Fingerprint } from "lucide-react";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { api } from "@/lib/client";
import type { ConnectionId } from "@/lib/ids";
import { often } from "@/lib/news";

export function SchemaChanges({ id }: { id: ConnectionId }) {
  const asked = api.useQuery("get", "/api/v1/connections/{connection_id}/syncs", { params: { path: { connection_id: id }, query: { limit: 100 } } }, { refetchInterval: often(30_000) });
  const changes = (asked.data?.items ?? []).flatMap((sync) => sync.streams.filter((one) => one.changed.length > 0).map((stream) => ({ sync, stream })));
  return (
    <Panel title="Schema changes, newest first" asked={asked} what="The schema changes" isEmpty={() => changes.length === 0} empty={{ shows: "Columns that came, went or changed their type, and in which sync that was seen.", because: "In the last 100 syncs no stream changed its shape." }}>
      {() => (
        <ol className="divide-y divide-line">
          {changes.map(({ sync, stream }) => (
            <li key={`${sync.id} ${stream.stream_id}`} className="flex gap-3 px-4 py-3">
              <Fingerprint size={18} aria-hidden className="mt-0.5 shrink-0 text-purple" />
              <div className="min-w-0">
                <p className="flex flex-wrap gap-x-2">
                  <Link to="/streams/$streamId" params={{ streamId: stream.stream_id }} search={{ part: "fingerprints" }} className="font-semibold text-blue hover:underline">{stream.stream}</Link>
                  <span className="text-sm text-muted"><Moment at={sync.started_at} /></span>
                </p>
                <ul className="text-sm">
                  {stream.changed.map((one) => <li key={one} className="break-words">{one}</li>)}
                </ul>
              </div>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
