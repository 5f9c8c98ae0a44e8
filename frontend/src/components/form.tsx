// What forms are made of: a named field with its hint, and why what was sent was refused.
import type { ReactNode } from "react";
import { troubleOf } from "@/lib/trouble";

export const INPUT = "block min-h-9 w-full min-w-0 rounded-box border border-muted bg-surface px-3 py-1.5 text-base disabled:opacity-60";

/** The label holds its field, so that a click on the words leads there and a reader says them together. */
export function Field({ label, hint, children, className = "" }: { label: string; hint?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <label className={`block space-y-1 ${className}`}>
      <span className="text-sm font-semibold">{label}</span>
      {children}
      {hint && <span className="block text-sm text-muted">{hint}</span>}
    </label>
  );
}

export interface Option<Word extends string = string> {
  value: Word;
  word: string;
}

export function Select<Word extends string>({ label, hint, value, options, onChoose, disabled = false, className = "" }: { label: string; hint?: ReactNode; value: Word; options: Option<Word>[]; onChoose: (word: Word) => void; disabled?: boolean; className?: string }) {
  return (
    <Field label={label} hint={hint} className={className}>
      <Options label={label} value={value} options={options} onChoose={onChoose} disabled={disabled} />
    </Field>
  );
}

/** A choice without words beside it, as it stands in a table; `label` names it for who listens. */
export function Options<Word extends string>({ label, value, options, onChoose, disabled = false }: { label: string; value: Word; options: Option<Word>[]; onChoose: (word: Word) => void; disabled?: boolean }) {
  const chosen = (word: string) => {
    const found = options.find((one) => one.value === word);
    if (found) onChoose(found.value);
  };
  return (
    <select aria-label={label} className={INPUT} value={value} disabled={disabled} onChange={(event) => chosen(event.target.value)}>
      {options.map((one) => (
        <option key={one.value} value={one.value}>
          {one.word}
        </option>
      ))}
    </select>
  );
}

/** Under a form: what was not done, why, and the way out. */
export function Refused({ error, what }: { error: unknown; what: string }) {
  if (!error) return null;
  const trouble = troubleOf(error);
  return (
    <p role="alert" className="text-sm break-words text-red">
      {[what, trouble.what, trouble.fix].filter(Boolean).join(" ")}
    </p>
  );
}
