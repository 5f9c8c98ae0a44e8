// A row of choices of which one holds: which part of a list is shown.
export interface Choice<Key extends string> {
  key: Key;
  word: string;
  count?: number;
}

export function Choices<Key extends string>({ label, all, chosen, onChoose }: { label: string; all: Choice<Key>[]; chosen: Key; onChoose: (key: Key) => void }) {
  return (
    <div role="group" aria-label={label} className="flex flex-wrap gap-1">
      {all.map((one) => (
        <button
          key={one.key}
          type="button"
          aria-pressed={one.key === chosen}
          onClick={() => onChoose(one.key)}
          className={`min-h-8 rounded-box px-3 text-sm font-semibold ${one.key === chosen ? "bg-text text-bg" : "text-muted hover:bg-sunken hover:text-text"}`}
        >
          {one.word}
          {one.count !== undefined && <span className="ml-1.5 tabular-nums">{one.count}</span>}
        </button>
      ))}
    </div>
  );
}
