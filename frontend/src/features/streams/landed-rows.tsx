// Rows as the source sent them, in the order in which they came.
import { useMemo } from "react";
import { Grid, type Column } from "@/components/grid";
import { Masked } from "@/components/masked";
import { Card, States } from "@/components/panel";
import { api, type Schemas } from "@/lib/client";
import { count } from "@/lib/numbers";

type Row = Schemas["LandedRow"];

const SAID: Record<string, string> = { i: "new", u: "changed", d: "deleted", upsert: "new or changed" };

export function LandedRows({ stream }: { stream: Schemas["StreamDetail"] }) {
  const asked = api.useInfiniteQuery(
    "get",
    "/api/v1/streams/{stream_id}/rows",
    { params: { path: { stream_id: stream.id }, query: { limit: 200 } } },
    { pageParamName: "cursor", initialPageParam: null, getNextPageParam: (last: Schemas["LandedPage"]) => last.next, staleTime: 60_000 },
  );
  const pages = asked.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.rows) ?? [], [pages]);
  const first = pages?.[0];
  const columns = useMemo(() => columnsOf(stream, first), [stream, first]);
  return (
    <Card>
      <States asked={{ ...asked, data: pages?.[0] }} what="The rows" isEmpty={(page) => page.rows.length === 0} empty={{ shows: "Every row of this stream, as the source sent it.", because: "Nothing has landed yet." }}>
        {() => (
          <>
            <Grid
              label={`Rows of ${stream.label}`}
              columns={columns}
              rows={rows}
              rowKey={(row) => `${row.landing} ${row.row}`}
              total={null}
              more={{ has: asked.hasNextPage, busy: asked.isFetchingNextPage, load: () => void asked.fetchNextPage() }}
            />
            <p className="border-t border-line px-4 py-2 text-sm text-muted">
              <span className="font-semibold text-text tabular-nums">{count(rows.length)}</span> read{asked.hasNextPage ? " so far" : ", which is all that ever landed"}. Nothing is typed, trimmed or rounded here.
            </p>
          </>
        )}
      </States>
    </Card>
  );
}

function columnsOf(stream: Schemas["StreamDetail"], page: Schemas["LandedPage"] | undefined): Column<Row>[] {
  const masked = new Set([...stream.columns.filter((column) => column.masked).map((column) => column.name), ...(page?.masked ?? [])]);
  const row: Column<Row> = { key: " row", head: "Row", width: 10, cell: (one) => <span className="font-mono text-xs">{one.key ?? count(one.row + 1)}</span> };
  const op: Column<Row> = { key: " op", head: "Came as", width: 7, cell: (one) => SAID[one.op ?? ""] ?? one.op };
  const key = stream.key.length === 1 && !page?.key_masked ? stream.key[0] : undefined; // already the row's name
  const values = stream.columns
    .filter((column) => column.name !== key)
    .map((column): Column<Row> => ({
      key: column.name,
      head: <span className="font-mono text-xs" title={column.description || column.name}>{column.name}</span>,
      width: Math.min(16, Math.max(8, column.name.length * 0.6 + 2)),
      cell: (one) => (masked.has(column.name) ? <Masked /> : <Landed value={one.values[column.name]} />),
    }));
  return [row, op, ...values];
}

function Landed({ value }: { value: unknown }) {
  if (value === null || value === undefined || value === "") return <span className="text-muted">empty</span>;
  const said = typeof value === "string" ? value : JSON.stringify(value);
  return <span className="font-mono text-xs" title={said}>{said}</span>;
}
