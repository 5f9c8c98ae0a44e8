// Every stream and every field of what is connected, by a word in their names, descriptions or commonest values.
import { keepPreviousData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";
import { Grid, type Column } from "@/components/grid";
import { Masked } from "@/components/masked";
import { Panel } from "@/components/panel";
import { api, type Schemas } from "@/lib/client";
import { count, percent, plural } from "@/lib/numbers";
import { named } from "@/lib/words";

type Found = Schemas["Found"];
const MOST = 200;
const PAUSE = 250; // milliseconds without a key until it is searched for
const NONE = { has: false, busy: false, load: () => undefined };

export function FieldSearch({ q, onQ }: { q: string; onQ: (q: string) => void }) {
  const [typed, setTyped] = useState(q);
  const say = useEffectEvent(() => {
    if (typed.trim() !== q) onQ(typed.trim());
  });
  useEffect(() => {
    const soon = window.setTimeout(say, PAUSE);
    return () => window.clearTimeout(soon);
  }, [typed]);
  const asked = api.useQuery("get", "/api/v1/discover", { params: { query: { q, limit: MOST } } }, { placeholderData: keepPreviousData });
  const { data } = asked;
  return (
    <>
      <label className="flex min-h-10 max-w-2xl items-center gap-2 rounded-box border border-muted bg-surface px-3 has-focus-visible:outline-2 has-focus-visible:outline-blue">
        <Search size={16} aria-hidden className="shrink-0 text-muted" />
        <span className="sr-only">Search streams and fields</span>
        <input type="search" className="min-w-0 flex-1 bg-transparent text-base outline-none" placeholder="A stream, a field, what it means, or a value it holds …" autoComplete="off" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />
      </label>
      <Panel
        title="Streams and fields"
        aside={data && data.items.length > 0 && (data.total > data.items.length ? `the first ${count(data.items.length)} of ${count(data.total)}` : plural(data.total, "thing"))}
        asked={asked}
        what="What was found"
        isEmpty={(said) => said.items.length === 0}
        empty={q === "" ? { shows: "Every stream and field of what is connected, with what it holds and what it becomes.", because: "Nothing is connected yet.", action: <Link to="/connections" search={{}} className="font-semibold text-blue underline">To the connections</Link> } : { shows: `Nothing is called “${q}”, means it, or holds it.`, because: "Try a part of the word, or another name for it." }}
      >
        {({ items }) => <Grid label="What was found" columns={COLUMNS} rows={items} rowKey={(one) => `${one.stream_id} ${one.field ?? ""}`} total={items.length} more={NONE} listing={q} />}
      </Panel>
    </>
  );
}

const dash = <span className="text-muted">—</span>;

const COLUMNS: Column<Found>[] = [
  {
    key: "name",
    head: "Field or stream",
    width: 13,
    cell: (one) => (
      <Link to="/streams/$streamId" params={{ streamId: one.stream_id }} search={one.field === null ? {} : { part: "columns" }} className="text-blue hover:underline" title={one.field ?? one.label}>
        {one.field === null ? one.stream : <span className="font-mono text-xs">{one.field}</span>}
      </Link>
    ),
  },
  { key: "where", head: "In", width: 11, cell: (one) => <span title={one.label}>{one.field === null ? <><span className="text-muted">stream of</span> {one.connection}</> : one.label}</span> },
  { key: "type", head: "Looks like", width: 6, cell: (one) => one.type || dash },
  { key: "mapped", head: "Becomes", width: 11, cell: (one) => <Becomes found={one} /> },
  { key: "nulls", head: "Filled", width: 5, numeric: true, cell: (one) => (one.nulls === null ? dash : percent(1 - one.nulls)) },
  { key: "distinct", head: "Different", width: 6, numeric: true, cell: (one) => (one.distinct === null ? dash : count(one.distinct)) },
  { key: "top", head: "Commonest values", width: 13, cell: (one) => (one.masked ? <Masked /> : one.top.length > 0 ? <span className="font-mono text-xs" title={one.top.join("\n")}>{one.top.slice(0, 4).join(" · ")}</span> : dash) },
  { key: "description", head: "The dictionary says", width: 14, cell: (one) => (one.description ? <span title={one.description}>{one.description}</span> : dash) },
];

function Becomes({ found }: { found: Found }) {
  if (found.mapped_to.length === 0) return <span className="text-muted">nothing yet</span>;
  return <span className="text-green" title={found.mapped_to.join("\n")}>{found.mapped_to.map((one) => one.split(".").map(named).join(": ")).join(", ")}</span>;
}
