// A short list of things with the same facts: a table, and cards with the same fields where it is narrow.
import type { ReactNode } from "react";
import { useNarrow } from "@/lib/screen";

export interface Part<Row> {
  head: string; // what the column is called; of what is done with a row, for who listens only
  cell: (row: Row) => ReactNode;
  kind?: "number" | "actions";
}

interface Listed<Row> {
  label: string;
  rows: Row[];
  rowKey: (row: Row) => string;
  parts: Part<Row>[]; // the first names the row
}

export const Listing = <Row,>(props: Listed<Row>) => (useNarrow() ? <Cards {...props} /> : <Table {...props} />);

function Table<Row>({ label, rows, rowKey, parts }: Listed<Row>) {
  return (
    // What scrolls must take the focus.
    <div role="region" aria-label={`${label}, as a table`} tabIndex={0} className="overflow-x-auto">
      <table className="w-full text-left">
        <caption className="sr-only">{label}</caption>
        <thead className="bg-sunken text-sm text-muted">
          <tr>
            {parts.map((part) => (
              <th key={part.head} scope="col" className={`border-b border-line px-4 py-2 font-semibold whitespace-nowrap ${part.kind ? "text-right" : ""}`}>
                {part.kind === "actions" ? <span className="sr-only">{part.head}</span> : part.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={rowKey(row)} data-row={rowKey(row)}>
              {parts.map((part, place) => {
                const Cell = place === 0 ? "th" : "td";
                return (
                  <Cell key={part.head} {...(place === 0 ? { scope: "row" } : {})} className={`px-4 py-2.5 font-medium ${part.kind === "number" ? "text-right tabular-nums" : ""}`}>
                    {part.kind === "actions" ? <div className="flex justify-end gap-2">{part.cell(row)}</div> : part.cell(row)}
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cards<Row>({ label, rows, rowKey, parts: [lead, ...rest] }: Listed<Row>) {
  return (
    <ul aria-label={label} className="divide-y divide-line">
      {rows.map((row) => (
        <li key={rowKey(row)} data-row={rowKey(row)} className="space-y-2 p-4">
          <div className="min-w-0 break-words">{lead?.cell(row)}</div>
          <dl className="grid grid-cols-[minmax(5rem,auto)_1fr] items-center gap-x-4 gap-y-1.5 text-sm">
            {rest.filter((part) => part.kind !== "actions").map((part) => (
              <div key={part.head} className="contents">
                <dt className="text-muted">{part.head}</dt>
                <dd className="min-w-0 break-words">{part.cell(row)}</dd>
              </div>
            ))}
          </dl>
          {rest.filter((part) => part.kind === "actions").map((part) => (
            <div key={part.head} className="flex flex-wrap gap-2 pt-1 empty:hidden">
              {part.cell(row)}
            </div>
          ))}
        </li>
      ))}
    </ul>
  );
}
