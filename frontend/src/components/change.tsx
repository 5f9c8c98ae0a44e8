// An exact change as a diff of lines: what stands now, and what would stand.
import { changeLines, type Line } from "@/lib/change";

const LOOK: Record<Line["kind"], { sign: string; class: string; word: string }> = {
  removed: { sign: "-", class: "bg-red/10 text-red", word: "removed" },
  added: { sign: "+", class: "bg-green/10 text-green", word: "added" },
  kept: { sign: " ", class: "text-muted", word: "unchanged" },
};

export function Change({ name, before, after }: { name: string; before: unknown; after: unknown }) {
  const lines = changeLines(before, after);
  return (
    <div className="overflow-hidden rounded-box border border-line">
      <p className="border-b border-line bg-sunken px-3 py-1 font-mono text-xs text-muted">{name}</p>
      <div role="region" aria-label={`The change of ${name}`} tabIndex={0} className="overflow-x-auto py-1 font-mono text-xs">
        {lines.map((line, at) => (
          <div key={at} className={`flex min-w-max px-3 py-px whitespace-pre ${LOOK[line.kind].class}`}>
            <span aria-hidden className="w-4 shrink-0">
              {LOOK[line.kind].sign}
            </span>
            <span className="sr-only">{LOOK[line.kind].word}: </span>
            {line.text}
          </div>
        ))}
      </div>
    </div>
  );
}
