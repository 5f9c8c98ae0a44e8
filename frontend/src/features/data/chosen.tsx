// What a table is narrowed to, each choice to be taken away alone, or all at once.
import { X } from "lucide-react";
import { Button } from "@/components/button";
import { headOf } from "@/features/data/columns";
import { toggled, worded, type OnSearch, type TableSearch } from "@/features/data/finding";
import type { Schemas } from "@/lib/client";
import { named } from "@/lib/words";

export const CLEARED = (now: TableSearch): TableSearch => ({ ...now, q: undefined, where: undefined });

export function Chosen({ fields, search, onSearch }: { fields: Schemas["FieldSeen"][]; search: TableSearch; onSearch: OnSearch }) {
  const chosen = Object.entries(search.where ?? {}).flatMap(([name, values]) => values.map((value) => ({ name, value, field: fields.find((one) => one.name === name) })));
  if (chosen.length === 0) return null;
  return (
    <ul aria-label="Chosen values" className="flex flex-wrap items-center gap-2">
      {chosen.map(({ name, value, field }) => (
        <li key={`${name} ${value ?? ""} ${value === null}`} className="min-w-0">
          <button
            type="button"
            onClick={() => onSearch((now) => ({ ...now, where: toggled(now.where, name, value) }))}
            className="inline-flex min-h-8 max-w-full items-center gap-1.5 rounded-box bg-blue px-2.5 text-sm font-semibold text-fill"
          >
            <span className="truncate">
              {named(field ? headOf(field) : name)} {value === null ? "has" : "is"} {worded(field, value)}
            </span>
            <X size={14} aria-hidden className="shrink-0" />
            <span className="sr-only">remove this filter</span>
          </button>
        </li>
      ))}
      <li>
        <Button kind="quiet" onClick={() => onSearch(CLEARED)}>
          Clear all
        </Button>
      </li>
    </ul>
  );
}
