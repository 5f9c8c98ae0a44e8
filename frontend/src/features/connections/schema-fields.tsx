// The fields of a form made of a schema, each with its hint and why it was not accepted.
import { Plus, X } from "lucide-react";
import { useId, type ReactNode } from "react";
import { Button } from "@/components/button";
import { INPUT } from "@/components/form";
import { typed, type Draft, type Entry, type FormField, type Pair } from "@/features/connections/schema-form";
import { named } from "@/lib/words";

interface Fields {
  fields: FormField[];
  draft: Draft;
  problems: Record<string, string>;
  path?: string;
  onDraft: (draft: Draft) => void;
}

export function SchemaFields({ fields, draft, problems, path = "", onDraft }: Fields) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {fields.map((one) => {
        const at = path === "" ? one.name : `${path}.${one.name}`;
        const entry = draft[one.name] ?? one.initial;
        const set = (next: Entry) => onDraft({ ...draft, [one.name]: next });
        if (one.kind === "group") {
          return (
            <fieldset key={one.name} className="col-span-full space-y-3 rounded-box border border-line p-3">
              <legend className="px-1 text-sm font-semibold">{one.title}</legend>
              {one.about && <p className="text-sm text-muted">{one.about}</p>}
              <SchemaFields fields={one.fields} draft={entry as Draft} problems={problems} path={at} onDraft={set} />
            </fieldset>
          );
        }
        return <One key={one.name} field={one} entry={entry} problem={problems[at]} onEntry={set} />;
      })}
    </div>
  );
}

const WIDE = new Set(["long", "list", "map", "document"]);

function One({ field, entry, problem, onEntry }: { field: FormField; entry: Entry; problem: string | undefined; onEntry: (entry: Entry) => void }) {
  const id = useId();
  const told = [field.about || field.kind === "list" ? `${id}-about` : "", problem ? `${id}-problem` : ""].filter(Boolean).join(" ");
  const about = [field.about, field.kind === "list" ? "One a line." : ""].filter(Boolean).join(" ");
  const said = { id, "aria-describedby": told || undefined, "aria-invalid": problem ? true : undefined, "aria-required": field.required || undefined };
  return (
    <div className={`space-y-1 ${WIDE.has(field.kind) ? "sm:col-span-full" : ""}`}>
      {field.kind === "switch" ? (
        <label className="flex min-h-9 cursor-pointer items-center gap-2 pt-0 sm:pt-5">
          <input {...said} type="checkbox" className="size-4 accent-green" checked={entry === true} onChange={(event) => onEntry(event.target.checked)} />
          <span className="text-sm font-semibold">{field.title}</span>
        </label>
      ) : field.kind === "map" ? (
        <Pairs label={field.title} pairs={entry as Pair[]} onPairs={onEntry} />
      ) : (
        <>
          <label htmlFor={id} className="block text-sm font-semibold">
            {field.title}
            {!field.required && field.kind !== "choice" && <span className="font-medium text-muted"> (may stay empty)</span>}
          </label>
          <Entered field={field} said={said} entry={typed(entry)} onEntry={onEntry} />
        </>
      )}
      {about && <p id={`${id}-about`} className="text-sm text-muted">{about}</p>}
      {problem && <p id={`${id}-problem`} className="text-sm font-semibold text-red">{problem}</p>}
    </div>
  );
}

type Said = Record<string, unknown>;
// A key of many lines has no masked field of the browser's own.
const MASKED = "[-webkit-text-security:disc]";

function Entered({ field, said, entry, onEntry }: { field: FormField; said: Said; entry: string; onEntry: (entry: string) => void }): ReactNode {
  const quiet = { autoComplete: "off", spellCheck: false, autoCapitalize: "none" };
  switch (field.kind) {
    case "choice":
      return (
        <select {...said} className={INPUT} value={entry} onChange={(event) => onEntry(event.target.value)}>
          {(!field.required || entry === "") && <option value="">{field.required ? "Choose …" : "As the source has it"}</option>}
          {field.options.map((one) => <option key={one} value={one}>{named(one)}</option>)}
        </select>
      );
    case "long":
    case "list":
    case "document":
      return <textarea {...said} {...quiet} rows={field.kind === "list" ? 3 : 5} className={`${INPUT} font-mono text-sm ${field.secret && entry ? MASKED : ""}`} value={entry} onChange={(event) => onEntry(event.target.value)} />;
    case "number":
      return <input {...said} {...quiet} inputMode="numeric" className={`${INPUT} tabular-nums`} value={entry} onChange={(event) => onEntry(event.target.value)} />;
    default:
      return <input {...said} {...quiet} type={field.secret ? "password" : "text"} className={INPUT} value={entry} onChange={(event) => onEntry(event.target.value)} />;
  }
}

/** Names with their values, a line each. */
function Pairs({ label, pairs, onPairs }: { label: string; pairs: Pair[]; onPairs: (pairs: Pair[]) => void }) {
  const shown: Pair[] = pairs.length > 0 ? pairs : [["", ""]];
  const change = (at: number, pair: Pair) => onPairs(shown.map((one, place) => (place === at ? pair : one)));
  return (
    <fieldset className="space-y-2">
      <legend className="text-sm font-semibold">{label} <span className="font-medium text-muted">(may stay empty)</span></legend>
      {shown.map(([name, value], at) => (
        <div key={at} className="flex items-center gap-2">
          <input aria-label={`${label}, name ${at + 1}`} autoComplete="off" spellCheck={false} className={INPUT} placeholder="name" value={name} onChange={(event) => change(at, [event.target.value, value])} />
          <span aria-hidden className="text-muted">→</span>
          <input aria-label={`${label}, value ${at + 1}`} autoComplete="off" spellCheck={false} className={INPUT} placeholder="value" value={value} onChange={(event) => change(at, [name, event.target.value])} />
          <Button kind="quiet" aria-label={`Remove line ${at + 1}`} onClick={() => onPairs(shown.filter((_, place) => place !== at))}><X size={14} aria-hidden /></Button>
        </div>
      ))}
      <Button onClick={() => onPairs([...shown, ["", ""]])}><Plus size={14} aria-hidden /> Another line</Button>
    </fieldset>
  );
}
