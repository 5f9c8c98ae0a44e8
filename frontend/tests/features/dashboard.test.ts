// The dashboard's sentence, what needs a person, and the flow.
import { expect, test } from "vitest";
import { groups } from "@/features/dashboard/figures";
import { balances, stations } from "@/features/dashboard/flow";
import { lastSyncs, needs, sentence, type Told } from "@/features/dashboard/sentence";
import { connection, entity, mapping, metric, proposal, stream, sync } from "../made";
import { AT } from "../answers";

const NOW = Date.parse(AT) + 60_000;
const told = (changed: Partial<Told> = {}): Told => ({ connections: [connection(), connection({ id: "c-2", name: "billing" })], proposals: [], mappings: [mapping()], syncs: [sync()], ...changed });

test("where all is well the sentence says so", () => {
  expect(sentence(told(), NOW)).toBe("Both sources are fresh and every row is accounted for. Nothing needs you.");
});

test("an old sync is not fresh", () => {
  expect(sentence(told({ connections: [connection()] }), NOW + 48 * 3_600_000)).toContain("0 of 1 source is fresh");
});

test("a failed sync needs a person, with the reason", () => {
  const failed = connection({ last_sync: { id: "y-1", state: "failed", started_at: AT, ended_at: AT, error: { what: "The folder is gone." }, read: 0, landed: 0, deleted: 0, balanced: true } });
  const all = needs(told({ connections: [failed] }));
  expect(all).toMatchObject([{ kind: "sync", why: "The folder is gone.", to: { page: "connection", id: "c-1" } }]);
});

test("held and quarantined rows need a person, before what can be decided", () => {
  const all = needs(told({ mappings: [mapping({ held: 2, quarantined: 1 })], proposals: [proposal()] }));
  expect(all.map((one) => one.kind)).toEqual(["held", "quarantine", "decide"]);
});

test("what does not balance is said in the first sentence", () => {
  const broken = told({ syncs: [sync({ balanced: false })] });
  expect([sentence(broken, NOW), needs(broken)[0]?.kind]).toEqual(["Both sources are fresh and some rows are not accounted for. 1 thing needs you.", "balance"]);
});

test("without a connection there is nothing to be fresh", () => {
  expect(sentence(told({ connections: [] }), NOW)).toBe("Nothing is connected yet.");
});

test("only the last sync of each connection counts", () => {
  expect(lastSyncs([sync({ id: "new" }), sync({ id: "old" }), sync({ id: "other", connection_id: "c-2" })]).map((one) => one.id)).toEqual(["new", "other"]);
});

test("a stream without a mapping stands in the balance but not among what is mapped", () => {
  const flow = { ...told(), streams: [stream(), stream({ id: "s-2", rows: null })], entities: [entity({ rows: 7 })], mappings: [mapping(), mapping({ landed: 3, canonical: 0, unmapped: 3 }, { mapping_id: null, entity: null, stream_id: "s-2" })] };
  expect(stations(flow).map((one) => one.figure)).toEqual([2, 10, 1, 4, 7]);
  expect(balances(flow).made).toMatchObject({ rows: 7, balanced: true });
});

test("in each group money comes first", () => {
  const all = groups([metric({ name: "n", unit: "count" }), metric({ name: "sum" }), metric({ name: "other", entity: "contact" })]);
  expect(all.map((group) => group.metrics.map((one) => one.name))).toEqual([["sum", "n"], ["other"]]);
});
