// The streams of a connection, however many: whether each is read, its key, its balance, its policies and what it becomes.
import { Link } from "@tanstack/react-router";
import { BalanceBar } from "@/components/balance";
import { Grid, type Column } from "@/components/grid";
import { Mark } from "@/components/mark";
import { Card } from "@/components/panel";
import { Empty } from "@/components/states";
import { VanishingList } from "@/features/connections/vanishing";
import { readingBalance } from "@/lib/balance";
import type { Schemas } from "@/lib/client";
import { count, plural } from "@/lib/numbers";
import { named } from "@/lib/words";

type Stream = Schemas["ConnectionDetail"]["detail"][number];
const NONE = { has: false, busy: false, load: () => undefined };

export function StreamList({ connection }: { connection: Schemas["ConnectionDetail"] }) {
  const { detail } = connection;
  const read = detail.filter((one) => one.selected).length;
  return (
    <div className="space-y-4">
      <VanishingList connection={connection} />
      <Card title="Streams" aside={detail.length > 0 && `${count(read)} of ${plural(detail.length, "stream")} read`}>
        {detail.length === 0 ? (
          <Empty shows="Each table, object or file pattern of the source, with its balance and its policies." because={connection.state === "onboarding" ? "Its streams are found on the way to active." : "The source held nothing that could be read."} />
        ) : (
          <Grid label={`Streams of ${connection.name}`} columns={columnsOf(connection.id)} rows={detail} rowKey={(one) => one.id} total={detail.length} more={NONE} />
        )}
      </Card>
    </div>
  );
}

const columnsOf = (connectionId: string): Column<Stream>[] => [
  { key: "name", head: "Stream", width: 12, cell: (one) => <Link to="/connections/$connectionId" params={{ connectionId }} search={{ part: "streams", stream: one.id }} className="text-blue hover:underline" title={one.name}>{one.name}</Link> },
  { key: "selected", head: "Read", width: 8, cell: (one) => (one.vanishing ? <Mark state="held" word="deletions held" /> : <Mark state={one.selected ? "on" : "off"} word={one.selected ? "is read" : "left out"} />) },
  { key: "balance", head: "Last sync", width: 11, cell: (one) => <Reading stream={one} /> },
  { key: "entities", head: "Becomes", width: 10, cell: (one) => one.mappings.flatMap((mapping) => (mapping.entity ? [named(mapping.entity)] : [])).join(", ") || <span className="text-muted">nothing yet</span> },
  { key: "key", head: "Key", width: 6, cell: (one) => one.key.length > 0 ? <code className="text-xs" title={one.key.join(", ")}>{one.key.join(", ")}</code> : <span className="text-muted">none</span> },
  { key: "cursor", head: "Grows by", width: 7, cell: (one) => one.cursor_column ? <code className="text-xs">{one.cursor_column}</code> : <span className="text-muted">read whole</span> },
  { key: "treated", head: "Not kept as it is", width: 9, cell: (one) => <Treated treated={one.treated} /> },
];

function Reading({ stream }: { stream: Stream }) {
  if (!stream.reading) return <span className="text-muted">not read yet</span>;
  const balance = readingBalance(stream.reading);
  return (
    <span className="flex items-center gap-2" title={stream.reading.error?.what}>
      {stream.reading.error ? <Mark state="failed" /> : balance.balanced ? null : <Mark state="unbalanced" />}
      <span className="tabular-nums whitespace-nowrap">{plural(balance.rows, "row")}</span>
      {balance.rows > 0 && <span className="min-w-12 flex-1"><BalanceBar balance={balance} /></span>}
    </span>
  );
}

function Treated({ treated }: { treated: Stream["treated"] }) {
  const ways = Object.values(treated);
  const said = [["omit", "left out"], ["hash", "hashed"]].flatMap(([way, word]) => {
    const many = ways.filter((one) => one === way).length;
    return many > 0 ? [`${count(many)} ${word ?? ""}`] : [];
  });
  return said.length > 0 ? <span title={Object.keys(treated).join(", ")}>{said.join(", ")}</span> : <span className="text-muted">—</span>;
}
