// Forms made of schemas: which fields, what stands in them at first, what is sent, and what is refused.
import { describe, expect, test } from "vitest";
import { draftOf, fieldsOf, problemsOf, sentOf } from "@/features/connections/schema-form";

// As pydantic writes one.
const CONFIG = {
  type: "object",
  additionalProperties: false,
  required: ["host", "user"],
  $defs: { Bucket: { type: "object", title: "Bucket", required: ["name"], properties: { name: { type: "string", title: "Name" }, prefix: { type: "string", default: "", title: "Prefix" } } }, Mode: { type: "string", enum: ["prefer", "require"] } },
  properties: {
    kind: { const: "postgres", type: "string" },
    host: { type: "string", maxLength: 20, title: "Host", description: "A name or an address." },
    port: { type: "integer", minimum: 1, maximum: 65_535, default: 5432, title: "Port" },
    user: { type: "string", minLength: 2 },
    mode: { $ref: "#/$defs/Mode", default: "prefer", title: "Encryption" },
    tls: { type: "boolean", default: true },
    tables: { type: "array", items: { type: "string" }, default: [], maxItems: 2 },
    cursors: { type: "object", additionalProperties: { type: "string" }, default: {} },
    note: { anyOf: [{ type: "string", pattern: "^[a-z]+$" }, { type: "null" }], default: null },
    bucket: { anyOf: [{ $ref: "#/$defs/Bucket" }, { type: "null" }], default: null },
    extra: { type: "array", items: { type: "object" } },
  },
};
const fields = fieldsOf(CONFIG);
const first = draftOf(fields);
const filled = { ...first, host: " db.acme.example ", user: "reader" };

test("each property is a field of its kind, in the schema's order; what is fixed is none", () => {
  expect(fields.map((one) => `${one.name} ${one.kind}`)).toEqual(["host text", "port number", "user text", "mode choice", "tls switch", "tables list", "cursors map", "note text", "bucket group", "extra document"]);
});

test("a field is called and explained as the schema says, else by its name", () => {
  expect(fields.slice(0, 3).map((one) => [one.title, one.about])).toEqual([["Host", "A name or an address."], ["Port", ""], ["User", ""]]);
});

test("the form begins with the defaults, and with what is kept where there is something", () => {
  expect([first.port, first.mode, first.tls, first.tables, first.cursors, first.note]).toEqual(["5432", "prefer", true, "", [], ""]);
  expect(draftOf(fields, { host: "db", tables: ["a", "b"], cursors: { a: "at" }, tls: false })).toMatchObject({ host: "db", tables: "a\nb", cursors: [["a", "at"]], tls: false, port: "5432" });
});

test("what is sent has the types of the schema, and leaves out what is empty", () => {
  const draft = { ...filled, tables: "accounts\n\n deals ", cursors: [["accounts", "updated_at"], ["", ""]] as [string, string][], bucket: { name: "b", prefix: "" } };
  expect(sentOf(fields, draft)).toEqual({ values: { host: "db.acme.example", port: 5432, user: "reader", mode: "prefer", tls: true, tables: ["accounts", "deals"], cursors: { accounts: "updated_at" }, bucket: { name: "b" } }, problems: {} });
});

test("a group that may be absent and is empty is not sent", () => {
  expect(sentOf(fields, filled).values).not.toHaveProperty("bucket");
});

describe("what is not right is said at its field", () => {
  test.each([
    [{ host: "" }, { host: "This is needed." }],
    [{ host: "a".repeat(21) }, { host: "At most 20 characters." }],
    [{ user: "a" }, { user: "At least 2 characters." }],
    [{ port: "0" }, { port: "This must be a whole number from 1 to 65535." }],
    [{ port: "80.5" }, { port: "This must be a whole number from 1 to 65535." }],
    [{ note: "A1" }, { note: "This is not of the form that the source asks for." }],
    [{ tables: "a\nb\nc" }, { tables: "At most 2 lines." }],
    [{ cursors: [["a", ""]] as [string, string][] }, { cursors: "Each line needs both sides." }],
    [{ cursors: [["a", "x"], ["a", "y"]] as [string, string][] }, { cursors: "A name stands here twice." }],
    [{ bucket: { name: "", prefix: "in/" } }, { "bucket.name": "This is needed." }],
    [{ extra: "[{" }, { extra: "This is not JSON." }],
  ])("%j: %j", (changed, problems) => {
    expect(sentOf(fields, { ...filled, ...changed }).problems).toEqual(problems);
  });
});

test("every text of a secret is masked, a key of many lines has room for them, and neither is trimmed", () => {
  const secret = fieldsOf({ type: "object", required: ["password"], properties: { password: { type: "string", title: "Password" }, key: { type: "string", title: "Private key", description: "PEM, with its first and last line." } } }, true);
  expect(secret.map((one) => [one.kind, one.secret])).toEqual([["text", true], ["long", true]]);
  expect(sentOf(secret, { password: " s p ", key: "-----BEGIN\nx\n" }).values).toEqual({ password: " s p ", key: "-----BEGIN\nx\n" });
});

test("a field that is secret among others is masked too", () => {
  expect(fieldsOf({ type: "object", properties: { token: { type: "string", format: "password", writeOnly: true }, host: { type: "string" } } }).map((one) => one.secret)).toEqual([true, false]);
});

test("what the server says of a field stands at that field", () => {
  const refused = { errors: [{ where: "body.config.host", what: "Not a host." }, { where: "body.secret.password", what: "Too short." }, { where: "body.name", what: "Taken." }] };
  expect([problemsOf(refused, "config"), problemsOf(refused, "secret"), problemsOf(new TypeError("x"), "config")]).toEqual([{ host: "Not a host." }, { password: "Too short." }, {}]);
});

test("a schema of nothing is a form of nothing", () => {
  expect([fieldsOf(null), fieldsOf({ type: "object" }), sentOf([], {})]).toEqual([[], [], { values: {}, problems: {} }]);
});
