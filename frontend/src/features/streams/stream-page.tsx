// One stream: its rows as they landed, its columns, what it looked like over time, and what is made of it.
import { Link } from "@tanstack/react-router";
import { Choices, type Choice } from "@/components/choice";
import { Moment } from "@/components/moment";
import { Heading } from "@/components/page";
import { States } from "@/components/panel";
import { Columns } from "@/features/streams/columns";
import { Fingerprints } from "@/features/streams/fingerprints";
import { LandedRows } from "@/features/streams/landed-rows";
import { Mappings } from "@/features/streams/mappings";
import { api } from "@/lib/client";
import type { StreamId } from "@/lib/ids";
import { plural } from "@/lib/numbers";

export type StreamPart = "rows" | "columns" | "fingerprints" | "mappings";

const PARTS: Choice<StreamPart>[] = [
  { key: "rows", word: "Rows" },
  { key: "columns", word: "Columns" },
  { key: "fingerprints", word: "Fingerprints" },
  { key: "mappings", word: "Mappings" },
];

const KEYS: Record<string, string> = {
  unknown: "key not known yet",
  declared: "key declared by the source",
  proven: "key proven: unique and never empty",
  occurrence: "no key: rows are told apart by content and occurrence",
};

export function StreamPage({ id, part, onPart }: { id: StreamId; part: StreamPart; onPart: (part: StreamPart) => void }) {
  const asked = api.useQuery("get", "/api/v1/streams/{stream_id}", { params: { path: { stream_id: id } } });
  return (
    <States asked={asked} what="The stream" empty={{ shows: "", because: "" }}>
      {(stream) => (
        <>
          <Heading
            trail={[
              <Link key="all" to="/connections" className="hover:text-text">Connections</Link>,
              <Link key="connection" to="/connections/$connectionId" params={{ connectionId: stream.connection_id }} className="hover:text-text">{stream.connection}</Link>,
            ]}
            title={stream.name}
            about={
              <>
                {stream.rows === null ? "No rows" : plural(stream.rows, "row")}, {plural(stream.columns.length, "column")}, landed <Moment at={stream.landed_at} />; {KEYS[stream.key_origin]}
                {stream.key.length > 0 && <> (<code className="text-xs">{stream.key.join(", ")}</code>)</>}.
              </>
            }
          />
          <Choices label="Part of the stream" all={PARTS} chosen={part} onChoose={onPart} />
          {part === "rows" && <LandedRows stream={stream} />}
          {part === "columns" && <Columns stream={stream} />}
          {part === "fingerprints" && <Fingerprints id={id} />}
          {part === "mappings" && <Mappings stream={stream} />}
        </>
      )}
    </States>
  );
}
