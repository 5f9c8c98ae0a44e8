// Entries of the audit log, a line each, with everything that is kept of one below it.
import { ChevronRight } from "lucide-react";
import { Fragment } from "react";
import { Facts } from "@/components/fields";
import { Moment } from "@/components/moment";
import { act, details, who } from "@/features/settings/told";
import type { Schemas } from "@/lib/client";
import { count } from "@/lib/numbers";
import { exactly } from "@/lib/time";

export function Entries({ entries }: { entries: Schemas["EntrySeen"][] }) {
  return (
    <ol className="divide-y divide-line" aria-label="Entries">
      {entries.map((entry) => (
        <li key={entry.seq} data-entry={`${entry.verb} ${entry.noun}`}>
          <details className="group">
            <summary className="grid cursor-pointer grid-cols-[1rem_minmax(0,1fr)] items-baseline gap-x-3 gap-y-0.5 px-4 py-2.5 hover:bg-sunken sm:grid-cols-[1rem_2.5rem_minmax(0,1fr)_auto]">
              <ChevronRight size={14} aria-hidden className="self-center text-muted transition-transform group-open:rotate-90" />
              <span className="hidden text-sm text-muted tabular-nums sm:block">{count(entry.seq)}</span>
              <span className="min-w-0 break-words">
                <span className="font-semibold">{entry.actor}</span>
                {entry.actor_kind !== "person" && <span className="text-muted"> ({who(entry.actor_kind)})</span>} {act(entry)}
                {Object.keys(entry.detail).length > 0 && <span className="text-muted">: {details(entry.detail)}</span>}
              </span>
              <span className="col-start-2 text-sm text-muted sm:col-start-auto">
                <Moment at={entry.at} />
              </span>
            </summary>
            <div className="bg-sunken px-4 py-3">
              <Facts facts={factsOf(entry)} />
            </div>
          </details>
        </li>
      ))}
    </ol>
  );
}

const code = (text: string) => <code className="text-xs break-all">{text}</code>;

function factsOf(entry: Schemas["EntrySeen"]) {
  const given: [string, string | null][] = [["Which", entry.subject], ["From", entry.address], ["Trace", entry.trace], ["Before, hashed", entry.before], ["After, hashed", entry.after], ["Seal", entry.hash]];
  return [
    { name: "When", value: exactly(entry.at) },
    { name: "Who", value: <Fragment>{entry.actor}, {who(entry.actor_kind)} {code(entry.actor_id)}</Fragment> },
    ...given.flatMap(([name, text]) => (text ? [{ name, value: code(text) }] : [])),
  ];
}
