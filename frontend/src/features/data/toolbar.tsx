// Above a table: the search, on narrow screens the filters and the order, and the choice of columns.
import type { ReactNode } from "react";
import { ColumnMenu } from "@/features/data/column-menu";
import type { OnSearch, TableSearch } from "@/features/data/finding";
import { SearchBox } from "@/features/data/search-box";
import { SortChoice } from "@/features/data/sort-choice";
import type { Schemas } from "@/lib/client";
import { useNarrow } from "@/lib/screen";

interface ToolbarProps {
  entity: Schemas["EntitySeen"];
  shown: Schemas["FieldSeen"][];
  filled: ReadonlySet<string>;
  search: TableSearch;
  onSearch: OnSearch;
  children: ReactNode; // the way to the facets where they have no room
}

export function Toolbar({ entity, shown, filled, search, onSearch, children }: ToolbarProps) {
  const narrow = useNarrow();
  const sortable = shown.filter((field) => field.type !== "json" && !field.masked);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchBox
        label={`Search ${entity.plural.replaceAll("_", " ")}`}
        value={search.q}
        // Back leads to before the search, not through each word as it was typed.
        onChange={(q) => onSearch((now) => ({ ...now, q }), { replace: search.q !== undefined })}
      />
      {children}
      <div className={`ml-auto ${filled.size === 0 ? "hidden" : ""}`}>
        <ColumnMenu fields={entity.fields} filled={filled} shown={shown.map((field) => field.name)} onChange={(columns) => onSearch((now) => ({ ...now, columns }), { replace: true })} />
      </div>
      {narrow && <SortChoice fields={withTitle(entity, sortable)} sort={search.sort} onSort={(sort) => onSearch((now) => ({ ...now, sort }))} />}
    </div>
  );
}

/** What records are called stands first; it has no column of its own. */
const withTitle = (entity: Schemas["EntitySeen"], shown: Schemas["FieldSeen"][]) => [...entity.fields.filter((field) => field.name === "name" && !field.masked && !shown.includes(field)), ...shown];
