// One stream: its rows as they landed, its columns, what it looked like over time, and what is made of it.
import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { buttonClass } from "@/components/button";
import { Choices, type Choice } from "@/components/choice";
import { Moment } from "@/components/moment";
import { Heading } from "@/components/page";
import { States } from "@/components/panel";
import { Columns } from "@/features/streams/columns";
import { Fingerprints } from "@/features/streams/fingerprints";
import { LandedRows } from "@/features/streams/landed-rows";
import { Mappings } from "@/features/streams/mappings";
import { StreamSyncs } from "@/features/streams/stream-syncs";
import { api } from "@/lib/client";
import type { StreamId } from "@/lib/ids";
import { plural } from "@/lib/numbers";
import { can, useMe } from "@/lib/session";

export type StreamPart = "rows" | "columns" | "fingerprints" | "mappings" | "syncs";

const PARTS: Choice<StreamPart>[] = [
  { key: "rows", word: "Rows" },
  { key: "columns", word: "Columns" },
  { key: "fingerprints", word: "Fingerprints" },
  { key: "mappings", word: "Mappings" },
  { key: "syncs", word: "Syncs" },
];

const KEYS: Record<string, string> = {
  unknown: "key not known yet",
  declared: "key declared by the source",
  proven: "key proven: unique and never empty",
  occurrence: "no key: rows are told apart by content and occurrence",
};

export function StreamPage({ id, part, onPart }: { id: StreamId; part: StreamPart; onPart: (part: StreamPart) => void }) {
  const may = can(useMe(), "export:streams");
  const asked = api.useQuery("get", "/api/v1/streams/{stream_id}", { params: { path: { stream_id: id } } });
  return (
    <States asked={asked} what="The stream" empty={{ shows: "", because: "" }}>
      {(stream) => (
        <>
          <Heading
            trail={[
              <Link key="all" to="/connections" search={{}} className="hover:text-text">Connections</Link>,
              <Link key="connection" to="/connections/$connectionId" params={{ connectionId: stream.connection_id }} search={{}} className="hover:text-text">{stream.connection}</Link>,
            ]}
            title={stream.name}
            about={
              <>
                {stream.rows === null ? "No rows" : plural(stream.rows, "row")}, {plural(stream.columns.length, "column")}, landed <Moment at={stream.landed_at} />; {KEYS[stream.key_origin]}
                {stream.key.length > 0 && <> (<code className="text-xs">{stream.key.join(", ")}</code>)</>}.
              </>
            }
          />
          <div className="flex flex-wrap items-center justify-between gap-3">
            <Choices label="Part of the stream" all={PARTS} chosen={part} onChoose={onPart} />
            {part === "rows" && may && stream.rows !== null && (
              <a href={`/api/v1/streams/${id}/rows.csv`} download className={buttonClass()} title="As the source sent them; what is masked for you is masked there too.">
                <Download size={14} aria-hidden /> Download CSV
              </a>
            )}
          </div>
          {part === "rows" && <LandedRows stream={stream} />}
          {part === "columns" && <Columns stream={stream} />}
          {part === "fingerprints" && <Fingerprints id={id} />}
          {part === "syncs" && <StreamSyncs id={id} />}
          {part === "mappings" && <Mappings stream={stream} />}
        </>
      )}
    </States>
  );
}
