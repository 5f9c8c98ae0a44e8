// Connections, streams and runs in words; addresses read strictly.
import { expect, test } from "vitest";
import { stateOf } from "@/features/connections/state";
import { askedFor, KINDS } from "@/features/runs/stages";
import { balancesOf, figuresOf, nextStep } from "@/features/runs/summary";
import { changed } from "@/features/streams/shapes";
import { told } from "@/lib/run";
import { outcome, runsOf } from "@/lib/run-groups";
import { homeward } from "@/routes/homeward";
import { choices, given, oneOf, text, texts, words } from "@/routes/search";
import { AT } from "../answers";
import { column, connection, run } from "../made";

const NOW = Date.parse(AT) + 4 * 60_000;

test("a connection says when it was synced and whether it balances", () => {
  const last = connection().last_sync;
  const unbalanced = connection({ last_sync: last && { ...last, balanced: false } });
  expect([stateOf(connection(), NOW), stateOf(unbalanced, NOW)].map((one) => one.words)).toEqual(["Synced 4 min ago, balanced", "Synced 4 min ago, does not balance"]);
});

test("a connection that was never read, or rests, says so", () => {
  expect([stateOf(connection({ last_sync: null }), NOW).words, stateOf(connection({ state: "paused" }), NOW).words]).toEqual(["Active, not read yet", "Paused"]);
});

test("between two looks at a stream columns come, go and change their type", () => {
  const look = (shape: string, fields: ReturnType<typeof column>[]) => ({ id: shape, sync_id: "y", shape, rows: 1, seq: 1, taken_at: AT, fields });
  const older = look("1", [column("Id", "integer"), column("Sector")]);
  expect(changed(older, look("2", [column("Id", "text"), column("Industry")]))).toEqual({ came: ["Industry"], gone: ["Sector"], retyped: ["Id: integer → text"] });
  expect([changed(older, look("1", older.fields)), changed(undefined, older)]).toEqual([null, null]);
});

test.each([
  ["raw", { streams: [{ landed: 0 }, { landed: 0 }] }, "2 streams read, nothing new"],
  ["raw", { streams: [{ landed: 1200 }] }, "1 stream read, 1,200 rows landed"],
  ["fingerprints", { changed: [] }, "no stream changed its shape"],
  ["events", { balances: [{ landed: 10, canonical: 9 }] }, "9 of 10 rows canonical"],
  ["events", { balances: [] }, "no mapping feeds it"],
  ["warehouse", { new: true, tables: { "unified/accounts": 85, "staging/stg_account": 85 } }, "85 records, a new version published"],
  ["something new", {}, ""],
])("a run of %s with %j says: %s", (stage, summary, said) => {
  expect(told(stage, summary)).toBe(said);
});

test("runs are narrowed down by stage, in the order in which data flows, or to what failed, by the server", () => {
  expect(KINDS.map((one) => one.key)).toEqual(["", "raw", "fingerprints", "mappings", "events", "warehouse", "failed"]);
  expect([undefined, "raw", "failed"].map((kind) => askedFor(kind))).toEqual([{}, { stage: "raw" }, { state: "failed" }]);
});

test("a run's summary is read as balances, and the views come before the tables behind them", () => {
  expect(balancesOf(run().summary)).toMatchObject([{ name: "crm/accounts", balance: { rows: 4, balanced: true } }]);
  expect(figuresOf({ tables: { "staging/a": 1, "unified/b": 2 } }).map((one) => one.name)).toEqual(["unified/b", "staging/a"]);
});

const landed = (rows: number) => run({ id: `raw ${rows}`, stage: "raw", summary: { streams: [{ landed: rows }, { landed: 0 }] } });
const published = (fresh: boolean, changes: Partial<ReturnType<typeof run>> = {}) => run({ id: "w", stage: "warehouse", subject: "", summary: { new: fresh }, ...changes });

test("steps stand under their run, which says what it brought", () => {
  const [newer, older] = runsOf([published(true), landed(85), { ...landed(0), run: "d-0" }, published(false, { run: "d-0" })]);
  expect([newer?.steps.length, newer && outcome(newer), older && outcome(older)]).toEqual([2, "1 connection read, 85 new rows, a new version published", "1 connection read, nothing new, no new version needed"]);
});

test("a step that was put off and began again does not colour its run, one that failed does and says why", () => {
  const again = [published(true), published(false, { id: "p", state: "put_off", error: { what: "Another worker is at it" } })];
  const failed = [run({ state: "failed", error: { what: "The folder is gone." } }), landed(1)];
  expect(runsOf(again).map((one) => one.state)).toEqual(["succeeded"]);
  expect(runsOf(again.slice(1)).map((one) => [one.state, outcome(one)])).toEqual([["put_off", "Another worker is at it; it tries again by itself"]]);
  expect(runsOf(failed).map((one) => [one.state, outcome(one)])).toEqual([["failed", "The folder is gone."]]);
});

test("a run lasts from its first step's beginning to its last one's end, and is not over while a step runs", () => {
  const early = landed(1);
  const late = published(true, { started_at: "2026-03-02T10:00:00Z", ended_at: "2026-03-02T10:05:00Z" });
  expect(runsOf([late, early]).map((one) => [one.startedAt, one.endedAt])).toEqual([[early.started_at, "2026-03-02T10:05:00Z"]]);
  expect(runsOf([published(true, { ended_at: null, state: "running" }), early]).map((one) => [one.state, one.endedAt])).toEqual([["running", null]]);
});

test("a step without a run stands for itself", () => {
  expect(runsOf([run({ run: null }), run({ id: "u-2", run: null })]).map((one) => one.key)).toEqual(["u-1", "u-2"]);
});

test("after a failure the error's own way out is said", () => {
  expect(nextStep(run({ error: { what: "Gone.", fix: "Mount the folder." } }))).toBe("Mount the folder. What had landed stays; nothing was lost.");
  expect(nextStep(run({ error: { what: "Gone." } }))).toContain("Ask for a refresh");
});

test("an address says only what is of the asked form", () => {
  const raw = { a: "x", b: "", list: ["1", 2], words: ["1", "2"], where: { status: "won", stage: ["a", "a", null, 2], bad: 1 }, seven: 7, part: "columns" };
  expect([text(raw, "a"), text(raw, "b"), texts(raw, "list"), texts(raw, "words"), choices(raw, "where"), choices(raw, "a"), choices(raw, "list"), words(raw, "seven"), words(raw, "list"), oneOf(raw, "part", ["rows"]), given({ a: undefined, b: 1 })]).toEqual([
    "x", undefined, undefined, ["1", "2"], { status: ["won"], stage: ["a", null] }, undefined, undefined, "7", undefined, undefined, { b: 1 },
  ]);
});

test.each([
  [undefined, "/"],
  ["/data/account?where=x", "/data/account?where=x"],
  ["//elsewhere.example", "/"],
  ["/\\elsewhere.example", "/"],
  ["https://elsewhere.example", "/"],
  ["/sign-in?next=/", "/"],
])("after signing in, %s leads to %s", (next, place) => {
  expect(homeward(next)).toBe(place);
});
