// Connections in words: their state and age, what their syncs moved, the way to active, and what of a stream is changed.
import { describe, expect, test } from "vitest";
import { movedIn, selected, since, worthShowing } from "@/features/connections/moved";
import { draftAt, fieldsAt, hasPlaces, placeOf, sentAt } from "@/features/connections/places";
import { changeOf, policyOf, readsAnew, wrongWith } from "@/features/connections/policy";
import { draftOf, fieldsOf, sentOf } from "@/features/connections/schema-form";
import { lagOf, stateOf, statusOf, syncingOf } from "@/features/connections/state";
import { bytes } from "@/lib/numbers";
import { promised, stepsOf, waitsForWord } from "@/lib/onboarding";
import { effort, reasonOf } from "@/lib/stream-sync";
import { AT } from "../answers";
import { connection, intent, onboarding, reading, streamDetail, sync } from "../made";

const NOW = Date.parse(AT) + 8 * 60_000;
const syncing = { sync_id: "y-1", started_at: AT, read: 1200, streams_done: 1, streams: 3 };

describe("a connection", () => {
  test.each([
    [connection({ syncing }), "Syncing since 8 min ago"],
    [connection({ state: "onboarding" }), "Being set up"],
    [connection({ state: "unauthorised" }), "Needs re-authorising"],
    [connection({ state: "paused" }), "Paused"],
    [connection({ last_sync: null }), "Active, not read yet"],
    [connection(), "Active"],
  ])("says its state", (one, words) => {
    expect(statusOf(one, NOW).words).toBe(words);
  });

  test("that is read is not over until it is, whatever its last sync was", () => {
    expect(stateOf(connection({ state: "paused", syncing }), NOW).state).toBe("running");
  });

  test("is as old as the server said, and older by the time since", () => {
    const lag = (changed: Partial<Parameters<typeof lagOf>[0]>, after = 0) => lagOf({ lag_seconds: 480, fresh: true, fresh_minutes: 60, ...changed }, NOW - after, NOW);
    expect([lag({}).words, lag({}).state, lag({}, 3_600_000).words, lag({}, 3_600_000).state]).toEqual(["8 min ago", "fresh", "1 h ago", "late"]);
    expect([lag({ fresh: false }).state, lag({ lag_seconds: null }).state, lag({ fresh_minutes: null }).promise, lag({ fresh_minutes: 90 }).promise]).toEqual(["late", "never", "promised within 24 h", "promised within 90 min"]);
  });

  test("is live only while it is really read and the server tells of it", () => {
    expect([syncingOf({ syncing }, true)?.kind, syncingOf({ syncing }, false)?.kind, syncingOf({ syncing: null }, true)]).toEqual(["live", "stale", null]);
  });
});

describe("of syncs", () => {
  const failed = sync({ id: "f", state: "failed", streams: [], error: { what: "No such file." } });
  const empty = sync({ id: "e", streams: [reading({ landed: 0, unchanged: 10 })] });

  test("the newest that moved data is shown, and what failed or was empty since; nothing older", () => {
    const shown = selected([sync({ id: "r", state: "running" }), failed, empty, sync({ id: "m" }), sync({ id: "old" })]);
    expect([shown.map((one) => one.id), since(shown)]).toEqual([["f", "e", "m"], "1 failed, 1 moved nothing"]);
    expect(worthShowing(shown).map((one) => one.id)).toEqual(["f", "m"]);
  });

  test("where none moved anything the newest stands for all", () => {
    expect(selected([empty, empty]).map((one) => one.id)).toEqual(["e"]);
  });

  test("each says what it moved", () => {
    expect([movedIn(sync({ streams: [reading({ deleted: 2 })] })), movedIn(empty), movedIn(sync({ streams: [reading({ read: 0, landed: 0 })] })), movedIn(failed), movedIn(sync({ state: "cancelled" })), movedIn(sync({ external: "airbyte", streams: [], said: { rows: 1200, bytes: 420_000 } }))]).toEqual([
      "4 new or changed, 2 deleted", "nothing new in 10 rows", "nothing new", "No such file.", "Cancelled after 10 rows; what had landed stays.", "1,200 rows, 420 kB, counted there",
    ]);
  });

  test("a stream says why it ended so and what it took", () => {
    expect([reasonOf(reading({ error: { what: "Gone." } })), reasonOf(reading({ state: "held" })), reasonOf(reading({ said: { why: "what grew" } })), reasonOf(reading({ said: { why: "Read whole, since the changes were lost." } })), reasonOf(reading({ read: 0, landed: 0 })), reasonOf(reading())]).toEqual([
      "Gone.", "Deletions wait for a word.", "Only what was newer was asked for.", "Read whole, since the changes were lost.", "The source had nothing newer.", "",
    ]);
    expect([effort({ bytes: 12_400_000, seconds: 3.14 }), effort({ bytes: 0, seconds: 75 }), effort({ bytes: 0, seconds: 0 }), bytes(999), bytes(0)]).toEqual(["12.4 MB in 3.1 s", "75 s", "", "999 B", "0 B"]);
  });
});

describe("on the way to active", () => {
  test("what was reached is done, the next is where it is stuck, and the others are to come", () => {
    expect(stepsOf(intent()).map((one) => one.standing)).toEqual(["done", "done", "done", "done", "stuck", "later", "later", "later", "later"]);
    expect(stepsOf(intent({ stuck: null }))[4]?.standing).toBe("next");
  });

  test("what waits for a word is not stuck", () => {
    const waits = intent({ state: "suggested", stuck: { code: "needs_a_decision", what: "It waits.", fix: "Approve it.", masked: false } });
    expect([waitsForWord(waits), stepsOf(waits).at(-1)?.standing, waitsForWord(intent())]).toEqual([true, "decide", false]);
  });

  test("each step says what it found", () => {
    const found = { ...intent().found, writable: false, streams: 4, sampled: 3, rows: 60 };
    expect(stepsOf(intent({ state: "suggested", found })).map((one) => one.found)).toEqual(["", "", "", "as reader@crm", "may only read", "4 streams", "60 rows of 3 streams", "", ""]);
  });

  test("the share is held against the promise, and never rounded up to it", () => {
    const said = (active: number, eligible: number) => promised({ ...onboarding(), active, eligible, share: eligible ? active / eligible : null });
    expect([said(899, 1000), said(9, 10), said(0, 0)]).toEqual(["899 of 1,000 eligible are active: 89 %, below the promise of 90 %.", "9 of 10 eligible are active: 90 %, as promised.", "Nothing waits for onboarding."]);
  });
});

describe("a stream's policy", () => {
  const stream = streamDetail({ treated: { Phone: "omit" } });
  const policy = policyOf(stream);

  test("names every column, those that are left out too", () => {
    expect(policy.treated).toEqual({ Id: "keep", Sector: "keep", Phone: "omit" });
  });

  test("sends only what is other than before, and says what reads the stream anew", () => {
    const hashed = changeOf(stream, { ...policy, treated: { ...policy.treated, Sector: "hash" } });
    expect([changeOf(stream, policy), hashed, readsAnew(hashed)]).toEqual([{}, { treated: { Sector: "hash" } }, true]);
    expect([changeOf(stream, { ...policy, selected: false }), readsAnew({ selected: false }), readsAnew({ key: [] })]).toEqual([{ selected: false }, false, true]);
  });

  test("cannot leave out its key or what it grows by", () => {
    expect([wrongWith(policy), wrongWith({ ...policy, treated: { Id: "omit" } }), wrongWith({ ...policy, cursor: "At", treated: { At: "hash" } })]).toEqual(["", "Id is part of the key: it can be hashed, and not left out.", "The stream grows by At: it must be kept as it is."]);
  });
});

describe("files", () => {
  const name = { type: "string" };
  const fields = fieldsOf({ type: "object", properties: { folder: { anyOf: [name, { type: "null" }] }, uploads: { type: "boolean", default: false }, bucket: { anyOf: [name, { type: "null" }] }, region: { ...name, default: "us-east-1" }, encoding: { ...name, default: "automatic" } } });
  const sent = (draft: Parameters<typeof draftAt>[1], place: Parameters<typeof draftAt>[2]) => sentOf(sentAt(fields, place), draftAt(fields, draft, place));

  test("are in one place, and nothing is sent of the others", () => {
    const draft = draftOf(fields, { folder: "/data", bucket: "b" });
    expect([sent(draft, "uploads").values, sent(draft, "folder").values, sent(draft, "bucket").values]).toEqual([
      { uploads: true, encoding: "automatic" }, { folder: "/data", encoding: "automatic" }, { bucket: "b", region: "us-east-1", encoding: "automatic" },
    ]);
  });

  test("must say where they are, once a place is chosen", () => {
    expect(sent(draftOf(fields), "folder").problems).toEqual({ folder: "This is needed." });
    expect([hasPlaces(fields), hasPlaces([]), placeOf(draftOf(fields)), fieldsAt(fields, "uploads").place]).toEqual([true, false, "uploads", []]);
  });
});
