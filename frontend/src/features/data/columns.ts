// Which fields of an entity stand in a table, and how a record is called: pure decisions over what was read.
import type { Schemas } from "@/lib/client";

type Field = Schemas["FieldSeen"];
type Row = Schemas["Record"];

export const SHOWN_AT_FIRST = 10;

export const isFilled = (value: unknown) => value !== null && value !== undefined && value !== "";

/** The fields that hold something in at least one of the rows, in the ontology's order; the key is not among them. */
export const filledFields = (fields: Field[], rows: Row[]): Field[] =>
  fields.filter((field) => !field.key && rows.some((row) => isFilled(row.values[field.name])));

/** What a record is called: its name where there is one, else the source's own key. */
export function titleOf(row: Row): string {
  const name = row.values.name;
  return typeof name === "string" && name !== "" ? name : (row.source_key ?? row.id);
}

/** The chosen fields in the ontology's order, else the first that are filled; the one sorted by is never hidden, the title's own field stands in front anyway. */
export function shownFields(fields: Field[], rows: Row[], chosen: string[] | undefined, sorted?: string): Field[] {
  const names = chosen ?? firstFields(fields, rows).map((field) => field.name);
  return fields.filter((field) => names.includes(field.name) || (field.name === sorted && !field.key && field.name !== "name"));
}

function firstFields(fields: Field[], rows: Row[]): Field[] {
  const filled = filledFields(fields, rows);
  const telling = filled.filter((field) => !saidElsewhere(field, filled));
  const first = [...telling].sort((one, other) => rank(one) - rank(other)).slice(0, SHOWN_AT_FIRST);
  return telling.filter((field) => first.includes(field));
}

/** What stands in another column already: the row's name, a currency beside its amount, a reference's text, the source's own word. */
function saidElsewhere(field: Field, filled: Field[]): boolean {
  const has = (name: string) => filled.some((one) => one.name === name);
  if (field.name === "name") return true;
  if (field.name === "currency") return filled.some((one) => one.type === "money");
  const stem = /^(.+)_(name|source)$/.exec(field.name);
  return stem !== null && (stem[2] === "name" ? has(`${stem[1] ?? ""}_id`) : has(stem[1] ?? ""));
}

/** Amounts, words of an enum, references and days say most in the least room. */
const RANKS = ["money", "enum", "ref", "date"];
const rank = (field: Field) => (RANKS.includes(field.type) ? RANKS.indexOf(field.type) : RANKS.length);

/** A reference shows the thing and not its id, so it is called like the thing. */
export const headOf = (field: Field) => (field.type === "ref" ? field.name.replace(/_id$/, "") : field.name);

const WIDTHS: Record<string, number> = { integer: 7.5, decimal: 8, share: 7, boolean: 6, date: 7.5, timestamp: 9, money: 8.5, enum: 7.5, ref: 9 };
export const widthOf = (field: Field) => WIDTHS[field.type] ?? 9.5;

export function currencyOf(row: Row): string | null {
  const said = row.values.currency;
  return typeof said === "string" ? said : null;
}
