// Which facets stand beside a table, in what order, and which of their values are shown first.
import { isNarrowed, type TableSearch } from "@/features/data/finding";
import type { Schemas } from "@/lib/client";

type Facet = Schemas["Facet"];
type Field = Schemas["FieldSeen"];

export const VALUES_AT_FIRST = 6;

export interface Choice {
  value: string | null; // null: no value
  count: number;
}

/** Enums first, then yes and no, then what sources write; a source's own word for another field only repeats it. */
const RANKS = ["enum", "boolean", "ref", "text"];

export function facetsShown(facets: Facet[], fields: Field[], search: TableSearch): { field: Field; facet: Facet }[] {
  const told = new Set(facets.map((one) => one.field));
  const repeats = (name: string) => name.endsWith("_source") && told.has(name.slice(0, -"_source".length));
  return facets
    .flatMap((facet) => {
      const field = fields.find((one) => one.name === facet.field);
      const choices = facet.values.length + Number(facet.empty > 0);
      // What offered a choice before one was made stays where it is, though one value alone may be left.
      const worth = choices > 1 || (choices === 1 && isNarrowed(search)) || search.where?.[facet.field] !== undefined;
      return field && worth && !repeats(facet.field) ? [{ field, facet }] : [];
    })
    .sort((one, other) => RANKS.indexOf(one.field.type) - RANKS.indexOf(other.field.type));
}

/** The values of a facet with what is chosen, which is offered even where nothing is left of it. */
export function choicesOf(facet: Facet, chosen: readonly (string | null)[] = []): Choice[] {
  const told: Choice[] = facet.values;
  const missing = chosen.filter((one) => one !== null && !told.some(({ value }) => value === one));
  const empty = facet.empty > 0 || chosen.includes(null) ? [{ value: null, count: facet.empty }] : [];
  return [...told, ...missing.map((value) => ({ value, count: 0 })), ...empty];
}

/** The first few, and any chosen one behind them. */
export const firstOf = (choices: Choice[], chosen: readonly (string | null)[] = []): Choice[] =>
  choices.length <= VALUES_AT_FIRST + 1 ? choices : choices.filter((one, place) => place < VALUES_AT_FIRST || chosen.includes(one.value));
