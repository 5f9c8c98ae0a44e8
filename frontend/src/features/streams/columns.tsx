// The columns of a stream as last seen: type, fill, how many different values, and the commonest.
import { Grid, type Column } from "@/components/grid";
import { Masked } from "@/components/masked";
import { Card } from "@/components/panel";
import { Empty } from "@/components/states";
import type { Schemas } from "@/lib/client";
import { count, percent } from "@/lib/numbers";

type Seen = Schemas["ColumnSeen"];
const NONE = { has: false, busy: false, load: () => undefined };

export const COLUMNS: Column<Seen>[] = [
  { key: "name", head: "Column", width: 13, cell: (one) => <span className="font-mono text-xs" title={one.name}>{one.name}</span> },
  { key: "inferred", head: "Looks like", width: 7, cell: (one) => one.inferred ?? "not read" },
  { key: "declared", head: "Declared as", width: 7, cell: (one) => one.declared || "—" },
  { key: "nulls", head: "Filled", width: 7, numeric: true, cell: (one) => <Filled nulls={one.nulls} /> },
  { key: "distinct", head: "Different", width: 7, numeric: true, cell: (one) => (one.distinct === null ? "—" : count(one.distinct)) },
  { key: "top", head: "Commonest values", width: 18, cell: (one) => one.masked ? <Masked why="What this column holds is masked for your role, or not known to be free of what is. An owner of this tenant can change that." /> : <span className="font-mono text-xs" title={one.top.join("\n")}>{one.top.slice(0, 4).join(" · ") || "—"}</span> },
  { key: "description", head: "The dictionary says", width: 18, cell: (one) => <span title={one.description}>{one.description || "—"}</span> },
];

function Filled({ nulls }: { nulls: number | null }) {
  return nulls === null ? <>—</> : <>{percent(1 - nulls)}</>;
}

export function Columns({ stream }: { stream: Schemas["StreamDetail"] }) {
  return (
    <Card>
      {stream.columns.length === 0 ? (
        <Empty shows="Each column with its type and fill." because="The stream has not been read yet." />
      ) : (
        <Grid label={`Columns of ${stream.label}`} columns={COLUMNS} rows={stream.columns} rowKey={(one) => one.name} total={stream.columns.length} more={NONE} />
      )}
    </Card>
  );
}
