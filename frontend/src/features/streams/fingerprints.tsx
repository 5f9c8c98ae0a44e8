// What the stream looked like, look by look, and what changed between them.
import { Fingerprint } from "lucide-react";
import { Copied } from "@/components/copied";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { changed } from "@/features/streams/shapes";
import { api } from "@/lib/client";
import type { StreamId } from "@/lib/ids";
import { plural } from "@/lib/numbers";

export function Fingerprints({ id }: { id: StreamId }) {
  const asked = api.useQuery("get", "/api/v1/streams/{stream_id}/fingerprints", { params: { path: { stream_id: id } } });
  return (
    <Panel title="Fingerprints, newest first" asked={asked} what="The fingerprints" isEmpty={(said) => said.items.length === 0} empty={{ shows: "What this stream looked like in each sync that moved rows.", because: "It has not been read yet." }}>
      {({ items }) => (
        <ol className="divide-y divide-line">
          {items.map((one, at) => {
            const difference = changed(items[at + 1], one);
            return (
              <li key={one.id} className="flex flex-wrap items-start justify-between gap-3 px-4 py-3">
                <div className="min-w-0">
                  <p className="flex items-center gap-2 font-semibold">
                    <Fingerprint size={16} aria-hidden className="text-purple" />
                    {plural(one.rows, "row")}, {plural(one.fields.length, "column")}
                    <span className="text-sm font-medium text-muted"><Moment at={one.taken_at} /></span>
                  </p>
                  <p className="text-sm text-muted">{at === items.length - 1 ? "The first look." : difference ? said(difference) : "The same shape as before."}</p>
                </div>
                <Copied label="Shape" text={one.shape} shown={one.shape.slice(0, 12)} />
              </li>
            );
          })}
        </ol>
      )}
    </Panel>
  );
}

function said({ came, gone, retyped }: { came: string[]; gone: string[]; retyped: string[] }): string {
  const parts = [came.length > 0 && `New: ${came.join(", ")}.`, gone.length > 0 && `Gone: ${gone.join(", ")}.`, retyped.length > 0 && `Other type: ${retyped.join(", ")}.`];
  return parts.filter(Boolean).join(" ");
}
