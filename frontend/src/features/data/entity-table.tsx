// One entity as a table: filters, chosen fields, and as many rows as are looked at.
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { Grid, type Column } from "@/components/grid";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Card, States } from "@/components/panel";
import { isNumber, Value } from "@/components/value";
import { ColumnMenu } from "@/features/data/column-menu";
import { currencyOf, filledFields, headOf, shownFields, titleOf, widthOf } from "@/features/data/columns";
import { Filters } from "@/features/data/filters";
import { api, type Schemas } from "@/lib/client";
import { count } from "@/lib/numbers";
import { named } from "@/lib/words";

export interface TableSearch {
  columns?: string[] | undefined;
  where?: Record<string, string> | undefined;
}

type Row = Schemas["Record"];
const PAGE = 200;

export function EntityTable({ entity, search, onSearch }: { entity: Schemas["EntitySeen"]; search: TableSearch; onSearch: (search: TableSearch) => void }) {
  const where = search.where ?? {};
  const asked = api.useInfiniteQuery(
    "get",
    "/api/v1/entities/{name}",
    { params: { path: { name: entity.name }, query: { limit: PAGE, filters: where } } },
    { pageParamName: "cursor", initialPageParam: null, getNextPageParam: (last: Schemas["RecordPage"]) => last.next, staleTime: 60_000 },
  );
  const pages = asked.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.rows) ?? [], [pages]);
  const first = pages?.[0];
  const fields = shownFields(entity.fields, first?.rows ?? [], search.columns);
  const filled = filledFields(entity.fields, first?.rows ?? []);
  const isFiltered = Object.keys(where).length > 0;
  const total = isFiltered ? null : entity.rows;
  return (
    <>
      <div className="flex flex-wrap items-start justify-between gap-2">
        <Filters key={entity.name} fields={entity.fields} where={where} onChange={(next) => onSearch({ ...search, where: next })} />
        <ColumnMenu fields={entity.fields} filled={new Set(filled.map((field) => field.name))} shown={fields.map((field) => field.name)} onChange={(columns) => onSearch({ ...search, columns })} />
      </div>
      <Card>
        <States
          asked={{ ...asked, data: first }}
          what={`The ${entity.plural.replaceAll("_", " ")}`}
          isEmpty={(page) => page.rows.length === 0}
          empty={
            isFiltered
              ? { shows: "No record has these values.", because: "A filter compares whole values, as they stand in the table; take one away to see more." }
              : { shows: `The ${entity.plural.replaceAll("_", " ")} will stand here, one row per thing.`, because: "No mapping feeds this entity yet, or its rows wait for a decision.", action: <Link to="/approvals" search={{}} className="font-semibold text-blue underline">Look at what waits</Link> }
          }
        >
          {(page) => (
            <>
              <Grid
                label={named(entity.plural)}
                columns={columnsOf(entity.name, fields)}
                rows={rows}
                rowKey={(row) => row.id}
                total={total}
                more={{ has: asked.hasNextPage, busy: asked.isFetchingNextPage, load: () => void asked.fetchNextPage() }}
              />
              <p className="border-t border-line px-4 py-2 text-sm text-muted">
                <span className="font-semibold text-text tabular-nums">{count(rows.length)}</span>
                {total !== null ? ` of ${count(total)}` : asked.hasNextPage ? " so far" : ""} read, in the order in which they were founded. Version published{" "}
                <Moment at={page.version.published_at} />.
              </p>
            </>
          )}
        </States>
      </Card>
    </>
  );
}

function columnsOf(entity: string, fields: Schemas["FieldSeen"][]): Column<Row>[] {
  const title: Column<Row> = {
    key: "title",
    head: "Record",
    width: 13,
    cell: (row) => (
      <Link to="/data/$entity/$id" params={{ entity, id: row.id }} search={{}} className="text-blue hover:underline">
        {titleOf(row)}
        {row.stale && (
          <span className="ml-2 text-xs">
            <Mark state="stale" word="stale" />
          </span>
        )}
      </Link>
    ),
  };
  const values = fields.map((field): Column<Row> => ({
    key: field.name,
    head: <span title={field.about || field.name}>{named(headOf(field))}</span>,
    width: widthOf(field),
    numeric: isNumber(field.type),
    cell: (row) => <Value value={field.type === "ref" ? (row.references[field.name] ?? row.values[field.name]) : row.values[field.name]} field={field} currency={currencyOf(row)} />,
  }));
  return [title, ...values];
}
