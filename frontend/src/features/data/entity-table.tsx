// One entity as a table: what it is narrowed to, its facets, chosen fields, and as many rows as are looked at.
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Button } from "@/components/button";
import { Grid, type Column } from "@/components/grid";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Card, States } from "@/components/panel";
import { isNumber, Value } from "@/components/value";
import { useFacets, useRecords } from "@/features/data/asking";
import { Chosen, CLEARED } from "@/features/data/chosen";
import { currencyOf, filledFields, headOf, shownFields, titleOf, widthOf } from "@/features/data/columns";
import { FacetDrawer, FacetRail } from "@/features/data/facet-rail";
import { isNarrowed, orderOf, shownSentence, sortOf, type OnSearch, type TableSearch } from "@/features/data/finding";
import { Toolbar } from "@/features/data/toolbar";
import type { Schemas } from "@/lib/client";
import { named } from "@/lib/words";

type Row = Schemas["Record"];
interface EntityTableProps {
  entity: Schemas["EntitySeen"];
  search: TableSearch;
  onSearch: OnSearch;
}

export function EntityTable({ entity, search, onSearch }: EntityTableProps) {
  const asked = useRecords(entity.name, search);
  const facets = useFacets(entity.name, search);
  const pages = asked.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.rows) ?? [], [pages]);
  const first = pages?.[0];
  // The columns stay while one looks for rows: they are those of the first rows that were seen.
  const [base, setBase] = useState<Row[]>([]);
  if (base.length === 0 && first && first.rows.length > 0) setBase(first.rows);
  const order = orderOf(search.sort);
  const fields = shownFields(entity.fields, base, search.columns, order?.key);
  const plural = entity.plural.replaceAll("_", " ");
  const narrowed = isNarrowed(search);
  const nothing = first?.total === 0 && !narrowed;
  const stale = asked.isPlaceholderData;
  return (
    <div className="xl:flex xl:items-start xl:gap-4">
      {!nothing && <FacetRail asked={facets} fields={entity.fields} search={search} onSearch={onSearch} />}
      <div className="min-w-0 flex-1 space-y-3">
        {!nothing && (
          <Toolbar entity={entity} shown={fields} filled={new Set(filledFields(entity.fields, base).map((field) => field.name))} search={search} onSearch={onSearch}>
            <FacetDrawer asked={facets} fields={entity.fields} search={search} onSearch={onSearch} />
          </Toolbar>
        )}
        <Chosen fields={entity.fields} search={search} onSearch={onSearch} />
        <Card>
          <States
            asked={{ ...asked, data: first }}
            what={`The ${plural}`}
            isEmpty={(page) => page.rows.length === 0}
            empty={
              narrowed
                ? { shows: `No ${named(entity.name).toLowerCase()} matches.`, because: "A record is shown where it holds one of the chosen values of each field, and every word of the search.", action: <Button onClick={() => onSearch(CLEARED)}>Clear filters</Button> }
                : { shows: `The ${plural} will stand here, one row per thing.`, because: "No mapping feeds this entity yet, or its rows wait for a decision.", action: <Link to="/approvals" search={{}} className="font-semibold text-blue underline">Look at what waits</Link> }
            }
          >
            {(page) => (
              <div aria-busy={stale} className={stale ? "opacity-60" : ""}>
                <Grid
                  label={named(entity.plural)}
                  columns={columnsOf(entity, fields)}
                  rows={rows}
                  rowKey={(row) => row.id}
                  total={page.total}
                  more={{ has: asked.hasNextPage, busy: asked.isFetchingNextPage || stale, load: () => void asked.fetchNextPage() }}
                  order={order}
                  onOrder={(next) => onSearch((now) => ({ ...now, sort: sortOf(next) }))}
                  listing={JSON.stringify([search.q, search.where, search.sort])}
                />
                <p className="border-t border-line px-4 py-2 text-sm text-muted">
                  <span role="status" className="tabular-nums">{stale ? "Reading …" : shownSentence(rows.length, page.total, search, entity.fields)}</span> Version published <Moment at={page.version.published_at} />.
                </p>
              </div>
            )}
          </States>
        </Card>
      </div>
    </div>
  );
}

/** The first column is the record's name: it is sorted by the name where there is one, else by the source's key. */
function columnsOf(entity: Schemas["EntitySeen"], shown: Schemas["FieldSeen"][]): Column<Row>[] {
  const name = entity.fields.find((field) => field.name === "name" && !field.masked) ?? entity.fields.find((field) => field.key && !field.masked);
  const title: Column<Row> = {
    key: name?.name ?? "title",
    head: "Record",
    width: 10,
    sortable: name !== undefined,
    cell: (row) => (
      <Link to="/data/$entity/$id" params={{ entity: entity.name, id: row.id }} search={{}} className="text-blue hover:underline">
        {titleOf(row)}
        {row.stale && (
          <span className="ml-2 text-xs">
            <Mark state="stale" word="stale" />
          </span>
        )}
      </Link>
    ),
  };
  const values = shown.map((field): Column<Row> => ({
    key: field.name,
    head: <span title={field.about || field.name}>{named(headOf(field))}</span>,
    width: widthOf(field),
    numeric: isNumber(field.type),
    sortable: field.type !== "json" && !field.masked,
    cell: (row) => <Value value={field.type === "ref" ? (row.references[field.name] ?? row.values[field.name]) : row.values[field.name]} field={field} currency={currencyOf(row)} />,
  }));
  return [title, ...values];
}
