// Where somebody is on the way to a new connection.
import { Check } from "lucide-react";

const STEPS = ["Source", "Access", "Test", "First rows", "Create"];

export function Steps({ at }: { at: number }) {
  return (
    <ol aria-label="Steps" className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
      {STEPS.map((name, place) => (
        <li key={name} aria-current={place === at ? "step" : undefined} className={`flex items-center gap-1.5 font-semibold ${place === at ? "text-text" : "text-muted"}`}>
          <span aria-hidden className={`inline-flex size-5 items-center justify-center rounded-full text-xs ${place < at ? "bg-green text-fill" : place === at ? "bg-text text-bg" : "border border-line"}`}>{place < at ? <Check size={12} strokeWidth={3} /> : place + 1}</span>
          {name}
          {place < at && <span className="sr-only">, done</span>}
        </li>
      ))}
    </ol>
  );
}
