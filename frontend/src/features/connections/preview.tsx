// A first look: up to 20 rows of one stream as the source sends them, and what they would become. Nothing is stored.
import { useEffect, useEffectEvent } from "react";
import { Masked } from "@/components/masked";
import { Mark } from "@/components/mark";
import { Skeleton } from "@/components/states";
import { Refused, Select } from "@/components/form";
import type { Schemas } from "@/lib/client";
import { percent, plural } from "@/lib/numbers";
import { named } from "@/lib/words";

export const ROWS = 20;

interface Looked {
  data: Schemas["PreviewSeen"] | undefined;
  error: unknown;
  isPending: boolean;
}

/** `eager`: the first stream is looked at without being asked for. */
export function PreviewChoice({ streams, chosen, looked, eager = false, onChoose }: { eager?: boolean; streams: string[]; chosen: string | null; looked: Looked; onChoose: (stream: string) => void }) {
  const first = streams[0];
  const choose = useEffectEvent(() => {
    if (eager && chosen === null && first !== undefined) onChoose(first);
  });
  useEffect(() => choose(), [first]);
  return (
    <div className="space-y-4">
      <Select label="Stream" hint={`Up to ${ROWS} rows are looked at. Nothing of them is stored.`} className="max-w-md" value={chosen ?? ""} options={[...(chosen === null ? [{ value: "", word: "Choose a stream …" }] : []), ...streams.map((value) => ({ value, word: value }))]} onChoose={onChoose} />
      <Refused error={looked.error} what="The rows could not be looked at." />
      {looked.isPending && <Skeleton rows={5} />}
      {looked.data && !looked.isPending && <PreviewView said={looked.data} />}
    </div>
  );
}

function PreviewView({ said }: { said: Schemas["PreviewSeen"] }) {
  return (
    <div className="space-y-4" data-preview={said.stream}>
      {said.rows.length === 0 ? <p className="text-sm text-muted">This stream is empty now; its columns are known all the same: {said.columns.map((one) => one.name).join(", ")}.</p> : <Rows said={said} />}
      <div className="space-y-2">
        <h3 className="text-sm">What it would become</h3>
        {said.suggestion.length === 0 && <p className="text-sm text-muted">Nothing of it has a place in the ontology. Its rows would stay landed, profiled and browsable as they are.</p>}
        {said.suggestion.map((one) => (
          <div key={one.entity} className="rounded-box border border-line">
            <p className="border-b border-line bg-sunken px-3 py-1.5 text-sm font-semibold">{named(one.entity)}, {plural(one.fields.length, "field")}</p>
            <ul className="divide-y divide-line text-sm">
              {one.fields.map((field) => (
                <li key={`${field.field} ${field.column}`} className="flex flex-wrap items-center justify-between gap-x-4 px-3 py-1.5">
                  <span className="min-w-0 break-words"><span className="font-semibold">{named(field.field)}</span> <span className="text-muted">from</span> <code className="text-xs">{field.column}</code></span>
                  <span className="flex items-center gap-3 text-sm tabular-nums"><span className="text-purple">{percent(field.confidence)} sure</span><Mark state={field.applies ? "approved" : "open"} word={field.applies ? "applies by itself" : "waits for a decision"} /></span>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </div>
  );
}

function Rows({ said }: { said: Schemas["PreviewSeen"] }) {
  const masked = new Set(said.masked);
  return (
    <div className="space-y-1">
      <h3 className="text-sm">{plural(said.rows.length, "row")}, as the source sends them</h3>
      {/* What scrolls must take the focus. */}
      <div role="region" aria-label={`First rows of ${said.stream}`} tabIndex={0} className="max-h-96 overflow-auto rounded-box border border-line">
        <table className="min-w-full border-separate border-spacing-0 text-left text-sm">
          <caption className="sr-only">First rows of {said.stream}</caption>
          <thead>
            <tr>
              {said.columns.map((one) => (
                <th key={one.name} scope="col" className="sticky top-0 border-b border-line bg-sunken px-3 py-1.5 whitespace-nowrap">
                  <code className="text-xs font-semibold">{one.name}</code>
                  {one.type && <span className="block text-xs font-medium text-muted">{one.type}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {said.rows.map((row, at) => (
              <tr key={at}>
                {said.columns.map((one) => (
                  <td key={one.name} className="max-w-64 truncate border-b border-line px-3 py-1 font-mono text-xs whitespace-nowrap" title={masked.has(one.name) ? undefined : spelled(row[one.name])}>{masked.has(one.name) ? <Masked /> : spelled(row[one.name]) || <span className="text-muted">empty</span>}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

const spelled = (value: unknown): string => (value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
