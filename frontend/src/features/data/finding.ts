// Which records are looked for, as the address says it: chosen values, words, an order. Pure decisions, and the question they are to the server.
import type { Order } from "@/components/grid";
import { headOf } from "@/features/data/columns";
import type { Schemas } from "@/lib/client";
import { count } from "@/lib/numbers";
import { named } from "@/lib/words";

type Field = Schemas["FieldSeen"];
/** By field; several are alternatives, and null is the absence of a value. */
export type Where = Record<string, (string | null)[]>;

export interface TableSearch {
  columns?: string[] | undefined;
  where?: Where | undefined;
  q?: string | undefined;
  sort?: string | undefined; // a field, with - in front for the largest first
}

/** A change of the search as it is by then, and whether Back should skip it. */
export type OnSearch = (change: (now: TableSearch) => TableSearch, how?: { replace?: boolean }) => void;

export const isNarrowed = (search: TableSearch) => search.q !== undefined || search.where !== undefined;

export interface Question {
  filters: Record<string, string[]>;
  empty: string[];
  search?: string;
}

export function questionOf({ where = {}, q }: TableSearch): Question {
  const chosen = Object.entries(where);
  return {
    filters: Object.fromEntries(chosen.map(([name, all]) => [name, all.filter((one) => one !== null)] as const).filter(([, all]) => all.length > 0)),
    empty: chosen.filter(([, all]) => all.includes(null)).map(([name]) => name),
    ...(q === undefined ? {} : { search: q }),
  };
}

export const isChosen = (where: Where | undefined, name: string, value: string | null) => where?.[name]?.includes(value) ?? false;

/** With the value chosen, or no longer; a field without one is not named any more. */
export function toggled(where: Where | undefined, name: string, value: string | null): Where | undefined {
  const before = where?.[name] ?? [];
  const after = before.includes(value) ? before.filter((one) => one !== value) : [...before, value];
  const rest = Object.entries(where ?? {}).filter(([one]) => one !== name);
  const next = after.length > 0 ? [...rest, [name, after] as const] : rest;
  return next.length > 0 ? Object.fromEntries(next) : undefined;
}

export const orderOf = (sort: string | undefined): Order | null => (sort === undefined ? null : { key: sort.replace(/^-/, ""), descending: sort.startsWith("-") });
export const sortOf = (order: Order | null): string | undefined => (order === null ? undefined : (order.descending ? "-" : "") + order.key);

const ENDS: Record<string, [string, string]> = {
  date: ["earliest first", "latest first"],
  timestamp: ["earliest first", "latest first"],
  boolean: ["no first", "yes first"],
  integer: ["smallest first", "largest first"],
  decimal: ["smallest first", "largest first"],
  money: ["smallest first", "largest first"],
  share: ["smallest first", "largest first"],
};

/** `largest first`, `Z to A`: which end of a field's values comes first. */
export function endOf(type: string, descending: boolean): string {
  const [first, last] = ENDS[type] ?? ["A to Z", "Z to A"];
  return descending ? last : first;
}

/** A value as a choice shows it. */
export function worded(field: Pick<Field, "type"> | undefined, value: string | null): string {
  if (value === null) return "no value";
  if (value.trim() === "") return "blank text";
  if (field?.type === "enum") return named(value);
  return field?.type === "boolean" ? (value === "true" ? "yes" : "no") : value;
}

/** `200 of 4,238 matching, sorted by Amount, largest first.` */
export function shownSentence(shown: number, total: number, search: TableSearch, fields: Field[]): string {
  const order = orderOf(search.sort);
  const field = fields.find((one) => one.name === order?.key);
  const how = order && field ? `sorted by ${named(headOf(field))}, ${endOf(field.type, order.descending)}` : "in the order in which they were founded";
  return `${count(shown)} of ${count(total)} ${isNarrowed(search) ? "matching" : "read"}, ${how}.`;
}
