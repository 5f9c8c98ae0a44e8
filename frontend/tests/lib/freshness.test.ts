// The live dot, decided from the answer.
import { expect, test } from "vitest";
import { asOf, isDemo, liveness } from "@/lib/freshness";

const NOW = Date.parse("2026-03-02T12:00:00Z");
const answer = { at: "2026-03-02T11:56:00Z", now: NOW, demo: false, reached: true };

test("fresh data from the server is live", () => {
  expect(liveness(answer)).toEqual({ kind: "live", word: "live", reason: "From the server, last read 4 min ago." });
});

test("fresh data of generated sources is demo data, never live", () => {
  expect(liveness({ ...answer, demo: true }).kind).toBe("demo");
});

test("old data is grey with its age, demo or not", () => {
  expect(liveness({ ...answer, at: "2026-02-28T12:00:00Z", demo: true })).toEqual({ kind: "stale", word: "as of 2 days ago", reason: "Last read 2 days ago; the promise is one day." });
});

test("data that could not be renewed is grey, however young", () => {
  expect(liveness({ ...answer, reached: false }).kind).toBe("stale");
});

test("before the first publication there is nothing to be live", () => {
  expect(liveness({ ...answer, at: null }).word).toBe("nothing yet");
});

test("a connection's note says whether it is demo data", () => {
  expect([isDemo({ note: "Demo data" }), isDemo({ note: "the demonstration" }), isDemo({ note: null })]).toEqual([true, false, false]);
});

test("what nothing has changed since is as young as the last sync of the slowest connection", () => {
  const synced = (at: string, state = "succeeded") => ({ state: "active", last_sync: { state, ended_at: at } });
  const days = ["2026-03-01", "2026-03-02", "2026-03-03"] as const;
  expect(asOf(days[0], [synced(days[2]), synced(days[1])])).toBe(days[1]);
  expect(asOf(days[0], [synced(days[2]), synced(days[1], "failed")])).toBe(days[0]);
  expect(asOf(days[0], [synced(days[2]), { state: "paused", last_sync: null }])).toBe(days[2]);
  expect([asOf(null, [synced(days[2])]), asOf(days[0], [])]).toEqual([null, days[0]]);
});
