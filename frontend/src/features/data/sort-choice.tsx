// The order of a table where there are no heads to click: cards on a narrow screen.
import { headOf } from "@/features/data/columns";
import { endOf } from "@/features/data/finding";
import type { Schemas } from "@/lib/client";
import { named } from "@/lib/words";

export function SortChoice({ fields, sort, onSort }: { fields: Schemas["FieldSeen"][]; sort: string | undefined; onSort: (sort: string | undefined) => void }) {
  return (
    <label className="flex min-w-0 flex-1 basis-full items-center gap-2 text-sm">
      <span className="shrink-0 text-muted">Sort by</span>
      <select className="min-h-8 w-full min-w-0 rounded-box border border-muted bg-surface px-2 font-semibold" value={sort ?? ""} onChange={(event) => onSort(event.target.value || undefined)}>
        <option value="">as founded</option>
        {fields.map((field) =>
          [false, true].map((descending) => (
            <option key={`${field.name} ${descending}`} value={(descending ? "-" : "") + field.name}>
              {named(headOf(field))}, {endOf(field.type, descending)}
            </option>
          )),
        )}
      </select>
    </label>
  );
}
