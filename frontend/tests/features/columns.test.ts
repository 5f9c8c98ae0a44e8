// Which columns a table shows, and how a record is called.
import { expect, test } from "vitest";
import { headOf, shownFields, titleOf } from "@/features/data/columns";
import type { Schemas } from "@/lib/client";

const field = (name: string, type = "text"): Schemas["FieldSeen"] => ({ name, type, key: name === "id", required: false, metric: false, target: null, members: [], unit: null, alias: [], about: "", holds: null, masked: false });
const row = (values: Record<string, unknown>, source_key: string | null = "K-1"): Schemas["Record"] => ({ id: "id-1", source_key, values, references: {}, extras: null, stale: false, seq: 1 });
const names = (fields: Schemas["FieldSeen"][]) => fields.map((one) => one.name);

test("only filled fields stand in a table at first, in the ontology's order", () => {
  const fields = [field("id", "id"), field("a"), field("b"), field("c")];
  expect(names(shownFields(fields, [row({ a: null, b: "x", c: "" }), row({ c: "y" })], undefined))).toEqual(["b", "c"]);
});

test("what another column says already is left out", () => {
  const fields = ["name", "account_id", "account_name", "stage", "stage_source", "currency"].map((name) => field(name)).concat(field("amount", "money"));
  const all = row(Object.fromEntries(fields.map((one) => [one.name, "x"])));
  expect(names(shownFields(fields, [all], undefined))).toEqual(["account_id", "stage", "amount"]);
});

test("of many filled fields amounts are never the ones that are cut off", () => {
  const fields = [...Array.from({ length: 15 }, (_, at) => field(`t${at}`)), field("cost", "money")];
  const shown = names(shownFields(fields, [row(Object.fromEntries(fields.map((one) => [one.name, "x"])))], undefined));
  expect([shown.length, shown.at(-1)]).toEqual([10, "cost"]);
});

test("chosen fields are shown whether they are filled or not", () => {
  expect(names(shownFields([field("a"), field("b")], [row({ a: "x" })], ["b"]))).toEqual(["b"]);
});

test("a record is called by its name, else by the source's key, else by its id", () => {
  expect([titleOf(row({ name: "Initech" })), titleOf(row({ name: null })), titleOf(row({}, null))]).toEqual(["Initech", "K-1", "id-1"]);
});

test("a reference is called like the thing that it shows", () => {
  expect([headOf(field("account_id", "ref")), headOf(field("external_id"))]).toEqual(["account", "external_id"]);
});

test("the field that is sorted by is never hidden, and the name needs no column of its own", () => {
  const fields = [field("id", "id"), field("name"), field("a"), field("b")];
  expect([names(shownFields(fields, [row({ a: "x" })], undefined, "b")), names(shownFields(fields, [row({ a: "x" })], ["b"], "a")), names(shownFields(fields, [], ["b"], "name"))]).toEqual([["a", "b"], ["a", "b"], ["b"]]);
});
