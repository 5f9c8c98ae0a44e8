// A table of any length: only the rows in sight are drawn, more are asked for near the end; cards where it is narrow.
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, ArrowUpDown } from "lucide-react";
import { useEffect, useEffectEvent, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { count } from "@/lib/numbers";
import { useNarrow } from "@/lib/screen";

export interface Order {
  key: string;
  descending: boolean;
}

export interface Column<Row> {
  key: string;
  head: ReactNode;
  width: number; // rem
  numeric?: boolean;
  sortable?: boolean;
  cell: (row: Row) => ReactNode;
}

interface GridProps<Row> {
  label: string;
  columns: Column<Row>[]; // the first is the row's name, and may hold its link
  rows: Row[];
  rowKey: (row: Row) => string;
  total: number | null; // rows there are, where that is known
  more: { has: boolean; busy: boolean; load: () => void };
  order?: Order | null;
  onOrder?: (next: Order | null) => void;
  listing?: string; // which rows these are: with others the table begins at its top again
}

const AHEAD = 20; // rows before the end at which more are asked for
const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;

/** Ascending, then descending, then as it was. */
export const nextOrder = (order: Order | null | undefined, key: string): Order | null =>
  order?.key !== key ? { key, descending: false } : order.descending ? null : { key, descending: true };

/** Rows and cards have other heights: changing between them begins again. */
export function Grid<Row>(props: GridProps<Row>) {
  const narrow = useNarrow();
  return <Scrolled key={narrow ? "cards" : "rows"} {...props} narrow={narrow} />;
}

function Scrolled<Row>({ narrow, ...props }: GridProps<Row> & { narrow: boolean }) {
  const scroll = useRef<HTMLDivElement>(null);
  const { rows, more } = props;
  const [height] = useState(() => (narrow ? 11 : 2.25) * rem()); // asked once, not once a row
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called while drawing, never kept
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 12,
    initialRect: { width: 1024, height: 640 },
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  const [toEnd, setToEnd] = useState(false); // End was pressed: everything is read up to there
  const near = more.has && !more.busy && (toEnd || last >= rows.length - AHEAD);
  const { load } = more;
  useEffect(() => {
    if (near) load();
  }, [near, load, rows.length]);
  useEffect(() => {
    // At its top again, with the column that it is sorted by in sight.
    const region = scroll.current;
    const head = region?.querySelector<HTMLElement>("th[aria-sort=ascending], th[aria-sort=descending]");
    region?.scrollTo(head ? Math.max(0, head.offsetLeft + head.offsetWidth - region.clientWidth) : 0, 0);
  }, [props.listing]);

  const focusRow = (at: number, frames = 12) => {
    const link = scroll.current?.querySelector<HTMLElement>(`[data-at="${at}"] a`);
    if (link) link.focus({ preventScroll: true });
    else if (frames > 0) requestAnimationFrame(() => focusRow(at, frames - 1)); // not drawn yet: it is as soon as the table has scrolled there
  };
  const goTo = (at: number) => {
    virtual.scrollToIndex(at);
    focusRow(at);
  };
  const arrive = useEffectEvent(() => goTo(rows.length - 1));
  useEffect(() => {
    if (toEnd) arrive();
  }, [toEnd, rows.length]);

  const move = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.key === "Shift") return;
    setToEnd(event.key === "End");
    const at = Number((event.target as HTMLElement).closest("[data-at]")?.getAttribute("data-at") ?? Number.NaN);
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 0) / height) - 2);
    const next = destination(event.key, at, rows.length, page);
    if (next === null) return;
    event.preventDefault();
    goTo(next);
  };

  const stay = () => setToEnd(false);
  const before = shown[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (shown.at(-1)?.end ?? 0);
  const Body = narrow ? Cards : Rows;
  return (
    // The region scrolls, so it takes the focus; the keys move between the links inside it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div ref={scroll} role="region" aria-label={props.label} tabIndex={0} onKeyDown={move} onWheel={stay} onPointerDown={stay} className={`max-h-[calc(100dvh-19rem)] overflow-auto overscroll-contain rounded-b-card ${rows.length > 6 ? "min-h-72" : "min-h-24"}`}>
      <Body {...props} before={before} after={after} shown={shown} measure={virtual.measureElement} />
      {more.busy && (
        <p role="status" className="sticky left-0 px-4 py-2 text-sm text-muted">
          {toEnd ? `Reading to the end: ${count(rows.length)}${props.total === null ? "" : ` of ${count(props.total)}`} rows. Esc stops.` : "Reading more rows …"}
        </p>
      )}
    </div>
  );
}

/** The row to which a key leads from row `at` (NaN: from none), or null where it leads nowhere. */
export function destination(key: string, at: number, rows: number, page: number): number | null {
  if (rows === 0) return null;
  if (key === "Home") return 0;
  if (key === "End") return rows - 1;
  const steps: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page };
  const step = steps[key];
  return step === undefined || Number.isNaN(at) ? null : Math.min(rows - 1, Math.max(0, at + step));
}

interface Window {
  before: number;
  after: number;
  shown: { index: number; key: React.Key }[];
  measure: (element: Element | null) => void;
}

function Rows<Row>({ label, columns, rows, rowKey, total, before, after, shown, order, onOrder }: GridProps<Row> & Window) {
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  return (
    <table aria-rowcount={total === null ? -1 : total + 1} className="w-full table-fixed border-separate border-spacing-0 text-left text-sm" style={{ minWidth: `${width}rem` }}>
      <caption className="sr-only">{label}</caption>
      <colgroup>
        {columns.map((column) => (
          <col key={column.key} style={{ width: `${column.width}rem` }} />
        ))}
      </colgroup>
      <thead>
        <tr aria-rowindex={1}>
          {columns.map((column, place) => (
            <th
              key={column.key}
              scope="col"
              aria-sort={!onOrder || !column.sortable ? undefined : order?.key !== column.key ? "none" : order.descending ? "descending" : "ascending"}
              className={`sticky top-0 h-9 border-b border-line bg-sunken px-3 font-semibold text-muted ${place === 0 ? "left-0 z-20" : "z-10"} ${column.numeric ? "text-right" : ""}`}
            >
              {onOrder && column.sortable ? <SortHead column={column} order={order} onOrder={onOrder} /> : <span className="block truncate">{column.head}</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {before > 0 && <Gap height={before} columns={columns.length} />}
        {shown.map(({ index }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <tr key={rowKey(row)} data-at={index} aria-rowindex={index + 2} className="group">
              {columns.map((column, place) =>
                place === 0 ? (
                  <th key={column.key} scope="row" className="sticky left-0 z-10 h-9 truncate border-b border-line bg-surface px-3 font-semibold group-hover:bg-sunken">
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.key} className={`h-9 truncate border-b border-line px-3 group-hover:bg-sunken ${column.numeric ? "text-right tabular-nums" : ""}`}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          );
        })}
        {after > 0 && <Gap height={after} columns={columns.length} />}
      </tbody>
    </table>
  );
}

function SortHead<Row>({ column, order, onOrder }: { column: Column<Row>; order: Order | null | undefined; onOrder: (next: Order | null) => void }) {
  const sorted = order?.key === column.key;
  const Icon = !sorted ? ArrowUpDown : order.descending ? ArrowDown : ArrowUp;
  return (
    <button
      type="button"
      onClick={() => onOrder(nextOrder(order, column.key))}
      className={`group/head -mx-1.5 inline-flex min-h-7 max-w-[calc(100%+0.75rem)] items-center gap-1 rounded-box px-1.5 font-semibold hover:bg-surface hover:text-text ${column.numeric ? "flex-row-reverse" : ""} ${sorted ? "text-text" : ""}`}
    >
      <span className="truncate">{column.head}</span>
      <Icon size={13} aria-hidden strokeWidth={2.5} className={`shrink-0 ${sorted ? "" : "opacity-0 group-hover/head:opacity-100 group-focus-visible/head:opacity-100"}`} />
    </button>
  );
}

const Gap = ({ height, columns }: { height: number; columns: number }) => (
  <tr aria-hidden>
    <td colSpan={columns} style={{ height, padding: 0 }} />
  </tr>
);

function Cards<Row>({ columns, rows, rowKey, before, after, shown, measure }: GridProps<Row> & Window) {
  const [lead, ...rest] = columns;
  return (
    <ul className="px-3" style={{ paddingTop: before, paddingBottom: after }}>
      {shown.map(({ index }) => {
        const row = rows[index];
        if (row === undefined) return null;
        return (
          <li key={rowKey(row)} data-at={index} data-index={index} ref={measure} className="py-1.5">
            <div className="rounded-box border border-line bg-surface p-3">
              <div className="mb-1.5 font-semibold break-words">{lead?.cell(row)}</div>
              <dl className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-x-4 gap-y-1 text-sm">
                {rest.map((column) => (
                  <div key={column.key} className="contents">
                    <dt className="break-words text-muted">{column.head}</dt>
                    <dd className="min-w-0 text-right break-words">{column.cell(row)}</dd>
                  </div>
                ))}
              </dl>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
