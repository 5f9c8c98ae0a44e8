// A form made of a JSON schema: its fields, what is in them, and the values that are sent. Nothing here draws.
export type FieldKind = "text" | "long" | "number" | "switch" | "choice" | "list" | "map" | "document" | "group";

export interface FormField {
  name: string;
  title: string;
  about: string;
  kind: FieldKind;
  required: boolean;
  secret: boolean;
  options: string[];
  integer: boolean;
  min: number | null; // a number's, or the least characters or entries
  max: number | null;
  pattern: string | null;
  initial: Entry;
  fields: FormField[]; // of a group
}

export type Pair = [name: string, value: string];
export type Entry = string | boolean | Pair[] | Draft;
export interface Draft {
  [name: string]: Entry;
}

type Schema = Record<string, unknown>;
const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null && !Array.isArray(value);
const LONG = 1_000; // characters that no single line holds
const KEYLIKE = /\b(pem|private key|certificate|service account)\b/i;

/** `host_name` → `Host name` */
const worded = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

const without = (schema: Schema, ...names: string[]): Schema => Object.fromEntries(Object.entries(schema).filter(([name]) => !names.includes(name)));

/** What stands behind a reference, and what is left of a choice with nothing. */
function plain(given: Schema, root: Schema): Schema {
  if (typeof given.$ref === "string") {
    const found = given.$ref.split("/").slice(1).reduce<unknown>((at, step) => (isSchema(at) ? at[step] : undefined), root);
    return isSchema(found) ? plain({ ...found, ...without(given, "$ref") }, root) : {};
  }
  const ways = [given.allOf, given.anyOf, given.oneOf].find(Array.isArray) as Schema[] | undefined;
  const real = ways?.filter((one) => one.type !== "null");
  if (real?.length !== 1 || !real[0]) return given;
  return { ...plain(real[0], root), ...without(given, "allOf", "anyOf", "oneOf") };
}

const optional = (given: Schema) => Array.isArray(given.anyOf) && given.anyOf.some((one: unknown) => isSchema(one) && one.type === "null");

function kindOf(schema: Schema, title: string, secret: boolean): FieldKind {
  if (Array.isArray(schema.enum)) return "choice";
  switch (schema.type) {
    case "string": {
      const long = typeof schema.maxLength === "number" && schema.maxLength > LONG;
      return KEYLIKE.test(`${title} ${text(schema.description)}`) || schema.format === "pem" || (long && !secret) ? "long" : "text";
    }
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "switch";
    case "array":
      return isSchema(schema.items) && (schema.items.type === "string" || Array.isArray(schema.items.enum)) ? "list" : "document";
    case "object":
      if (isSchema(schema.properties)) return "group";
      return isSchema(schema.additionalProperties) && schema.additionalProperties.type === "string" ? "map" : "document";
    default:
      return "document";
  }
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (...values: unknown[]): number | null => values.find((one): one is number => typeof one === "number") ?? null;

export function fieldsOf(schema: unknown, secret = false, root: Schema | null = null): FormField[] {
  if (!isSchema(schema)) return [];
  const whole = root ?? schema;
  const { properties } = plain(schema, whole);
  const needed = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
  return Object.entries(isSchema(properties) ? properties : {})
    .filter((pair): pair is [string, Schema] => isSchema(pair[1]) && pair[1].const === undefined)
    .map(([name, given]) => field(name, given, needed.has(name) && !optional(given), secret, whole));
}

function field(name: string, given: Schema, required: boolean, secret: boolean, root: Schema): FormField {
  const schema = plain(given, root);
  const items = isSchema(schema.items) ? plain(schema.items, root) : {};
  const whole = { ...schema, items };
  const title = text(given.title) || text(schema.title) || worded(name);
  const kind = kindOf(isSchema(schema.additionalProperties) ? { ...whole, additionalProperties: plain(schema.additionalProperties, root) } : whole, title, secret);
  const fields = kind === "group" ? fieldsOf(schema, secret, root) : [];
  const hidden = secret || schema.format === "password" || schema.writeOnly === true;
  const made = {
    name, title, kind, required, fields, secret: hidden,
    about: text(given.description) || text(schema.description),
    options: ((Array.isArray(schema.enum) ? schema.enum : Array.isArray(items.enum) ? items.enum : []) as unknown[]).map(String),
    integer: schema.type === "integer",
    min: number(schema.minimum, schema.minLength, schema.minItems),
    max: number(schema.maximum, schema.maxLength, schema.maxItems, schema.maxProperties),
    pattern: text(schema.pattern) || null,
  };
  return { ...made, initial: entryOf(made, given.default ?? schema.default) };
}

/** A value as it stands in the form. */
function entryOf(one: Pick<FormField, "kind" | "fields">, value: unknown): Entry {
  switch (one.kind) {
    case "switch":
      return value === true;
    case "list":
      return Array.isArray(value) ? value.map(String).join("\n") : "";
    case "map":
      return isSchema(value) ? Object.entries(value).map(([name, said]): Pair => [name, String(said)]) : [];
    case "group":
      return draftOf(one.fields, isSchema(value) ? value : {});
    case "document":
      return value === undefined || value === null ? "" : JSON.stringify(value, null, 1);
    default:
      return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
  }
}

/** The form as it stands at first: of what is kept already, else of the schema's own defaults. */
export const draftOf = (fields: FormField[], kept: Record<string, unknown> = {}): Draft =>
  Object.fromEntries(fields.map((one) => [one.name, kept[one.name] === undefined ? one.initial : entryOf(one, kept[one.name])]));

/** What was typed, of a field that is typed into. */
export const typed = (entry: Entry): string => (typeof entry === "string" ? entry : "");

export interface Sent {
  values: Record<string, unknown>;
  problems: Record<string, string>; // by the field's path, `bucket.name`
}

/** What is sent: an empty field that may be empty is left out, so that the source's own default holds. */
export function sentOf(fields: FormField[], draft: Draft, path = ""): Sent {
  const values: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const one of fields) {
    const at = path === "" ? one.name : `${path}.${one.name}`;
    const entry = draft[one.name] ?? one.initial;
    if (one.kind === "group") {
      if (!one.required && JSON.stringify(entry) === JSON.stringify(one.initial)) continue; // nobody touched it
      const within = sentOf(one.fields, entry as Draft, at);
      values[one.name] = within.values;
      Object.assign(problems, within.problems);
      continue;
    }
    const { value, problem } = valueOf(one, entry);
    if (problem) problems[at] = problem;
    else if (value !== undefined) values[one.name] = value;
    else if (one.required) problems[at] = "This is needed.";
  }
  return { values, problems };
}

interface Read {
  value?: unknown;
  problem?: string;
}

function valueOf(one: FormField, entry: Entry): Read {
  switch (one.kind) {
    case "switch":
      return { value: entry === true };
    case "number":
      return numberOf(one, typed(entry).trim());
    case "list": {
      const lines = typed(entry).split("\n").map((line) => line.trim()).filter(Boolean);
      return one.max !== null && lines.length > one.max ? { problem: `At most ${one.max} lines.` } : lines.length > 0 ? { value: lines } : {};
    }
    case "map":
      return mapOf(entry as Pair[]);
    case "document":
      return documentOf(typed(entry).trim());
    default:
      return textOf(one, one.kind === "long" || one.secret ? typed(entry) : typed(entry).trim());
  }
}

function numberOf(one: FormField, said: string): Read {
  if (said === "") return {};
  const value = Number(said);
  const right = Number.isFinite(value) && (!one.integer || Number.isInteger(value)) && value >= (one.min ?? -Infinity) && value <= (one.max ?? Infinity);
  if (right) return { value };
  const span = one.min !== null && one.max !== null ? ` from ${one.min} to ${one.max}` : one.min !== null ? ` of at least ${one.min}` : one.max !== null ? ` of at most ${one.max}` : "";
  return { problem: `This must be a ${one.integer ? "whole number" : "number"}${span}.` };
}

function textOf(one: FormField, said: string): Read {
  if (said === "") return {};
  if (one.max !== null && said.length > one.max) return { problem: `At most ${one.max} characters.` };
  if (one.min !== null && said.length < one.min) return { problem: `At least ${one.min} characters.` };
  if (one.pattern !== null && !matches(one.pattern, said)) return { problem: "This is not of the form that the source asks for." };
  return { value: said };
}

/** A pattern that this browser does not know is left to the server. */
function matches(pattern: string, said: string): boolean {
  try {
    return new RegExp(pattern, "u").test(said);
  } catch {
    return true;
  }
}

function mapOf(pairs: Pair[]): Read {
  const given = pairs.map(([name, value]): Pair => [name.trim(), value.trim()]).filter(([name, value]) => name !== "" || value !== "");
  if (given.some(([name, value]) => name === "" || value === "")) return { problem: "Each line needs both sides." };
  if (new Set(given.map(([name]) => name)).size < given.length) return { problem: "A name stands here twice." };
  return given.length > 0 ? { value: Object.fromEntries(given) } : {};
}

function documentOf(said: string): Read {
  if (said === "") return {};
  try {
    return { value: JSON.parse(said) as unknown };
  } catch {
    return { problem: "This is not JSON." };
  }
}

/** What the server says of single fields, `body.config.host`, by the field's path under `within`. */
export function problemsOf(error: unknown, within: string): Record<string, string> {
  const errors = isSchema(error) && Array.isArray(error.errors) ? (error.errors as unknown[]) : [];
  const lead = `body.${within}.`;
  return Object.fromEntries(
    errors.filter(isSchema).flatMap((one) => {
      const where = [lead, `${within}.`].find((start) => text(one.where).startsWith(start));
      return where ? [[text(one.where).slice(where.length), text(one.what)]] : [];
    }),
  );
}
