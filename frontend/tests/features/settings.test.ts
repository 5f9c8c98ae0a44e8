// What settings say and send: roles, scopes, devices, limits, periods, use, entries of the audit log, short names.
import { expect, test } from "vitest";
import { limitOf, textOf } from "@/features/operator/limit";
import { options, span } from "@/features/settings/calendar";
import { choosable, chosen, spoken } from "@/features/settings/scopes";
import { act, details } from "@/features/settings/told";
import { flagName, saidBy } from "@/features/settings/told-flags";
import { mayTouch } from "@/features/settings/touch";
import { device, roleSaid, rolesUpTo } from "@/features/settings/words";
import { passwordHint } from "@/features/session/hint";
import { erased, kept } from "@/lib/erasure";
import { slugOf } from "@/lib/slug";
import { amount, share, standing } from "@/lib/use";

test("nobody gives a role above their own, and only an owner touches an owner", () => {
  expect([rolesUpTo("admin").map((one) => one.value), rolesUpTo("viewer").map((one) => one.value)]).toEqual([["viewer", "analyst", "engineer", "admin"], ["viewer"]]);
  expect([mayTouch("admin", "owner"), mayTouch("owner", "owner"), mayTouch("admin", "engineer")]).toEqual([false, true, true]);
  expect([roleSaid("viewer"), roleSaid("analyst")]).toEqual(["A viewer sees what is there.", "An analyst sees and asks."]);
});

test("a key is offered what programs have use for, and never what is the operator's", () => {
  expect(choosable(["read:entities", "decide:proposals", "change:members", "create:keys", "read:tenants", "ask:runs"])).toEqual(["read:entities", "decide:proposals", "ask:runs"]);
  expect([chosen("read:*", ["ask:runs"]), chosen("some", ["ask:runs"])]).toEqual([["read:*"], ["ask:runs"]]);
  expect(["read:*", "*:*", "decide:proposals", "*:runs"].map(spoken)).toEqual(["read everything", "everything its maker may", "decide proposals", "do everything with runs"]);
});

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
  ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"],
  ["Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Safari/604", "Safari on iOS"],
  ["python-httpx/0.28.1", "python-httpx/0.28.1"],
  ["", ""],
])("a session of %s is called %s", (agent, called) => {
  expect(device(agent)).toBe(called);
});

test("a limit is typed as people write it and kept exactly", () => {
  expect([textOf("rows", 1_000_000), textOf("language_model_spend", 2_500_000), textOf("rows", null)]).toEqual(["1,000,000", "2.50", ""]);
  expect([limitOf("rows", "1,000,000"), limitOf("rows", ""), limitOf("language_model_spend", "2.5"), limitOf("language_model_spend", "0.000001")]).toEqual([1_000_000, null, 2_500_000, 1]);
  expect(["-1", "1.5", "many", "1e3"].map((text) => limitOf("rows", text))).toEqual([undefined, undefined, undefined, undefined]);
});

test("a period ends on its last day, in the tenant's own time zone", () => {
  expect(span({ starts: "2026-02-28T23:00:00Z", ends: "2026-03-31T22:00:00Z" }, "Europe/Berlin")).toBe("1 Mar 2026 to 31 Mar 2026");
});

test("what stands can be chosen even where the browser does not know it", () => {
  expect(options("currency", "XTS").some((one) => one.value === "XTS")).toBe(true);
  expect(options("timeZone", "Europe/Berlin").map((one) => one.value)).toContain("UTC");
  expect(options("currency", "EUR").find((one) => one.value === "EUR")?.word).toBe("EUR, Euro");
});

test("use says when it is nearly used up, and spend is in dollars", () => {
  const of = (used: number, most: number | null) => standing({ used, most });
  expect([of(5, null), of(79, 100), of(80, 100), of(100, 100), of(0, 0)]).toEqual(["unlimited", "within", "near", "full", "full"]);
  expect([share({ used: 200, most: 100 }), amount("language_model_spend", 1_234_567), amount("rows", 12_345)]).toEqual([1, "1.23 USD", "12,345"]);
});

test("an entry of the audit log is a sentence, with what it says of itself", () => {
  const said = (verb: string, noun: string) => act({ verb, noun });
  expect([said("start", "session"), said("change", "members"), said("polish", "shoes")]).toEqual(["signed in", "changed a member", "polish shoes"]);
  expect(details({ email: "a@b.example", from: { role: "viewer" }, roles: ["analyst", "viewer"], persona: null, ended: 2 })).toBe("email a@b.example; from role viewer; roles analyst, viewer; persona none; ended 2");
});

test("a flag says its name in words, and whose word it is", () => {
  expect(flagName("AUTO_APPLY_EXACT_MATCHES")).toBe("Auto apply exact matches");
  expect([saidBy({ said_by: "tenant", default: true }), saidBy({ said_by: "installation", default: false }), saidBy({ said_by: "default", default: true })]).toEqual([
    "this tenant's own word; elsewhere it is on", "as the installation has it", "by default",
  ]);
});

test.each([["Initech & Söhne GmbH", "initech-sohne-gmbh"], ["4 Seasons", "seasons"], ["  ", ""], ["A".repeat(50), "a".repeat(40)]])("%s is called %s for short", (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

test("what is asked of a password is this installation's", () => {
  expect([passwordHint({ password_least: 15 }), passwordHint(undefined)]).toEqual(["15 characters at least: a few words that only you would put together.", "A few words that only you would put together."]);
});

test("the report of an erasure is counted store by store, and says what is left", () => {
  const report = { removed: { rows: { landings: 12, events: 30 }, lake: 40, exports: 0, people: 2 }, left: { rows: { audit: 1 }, lake: 0 } };
  expect(erased(report)).toEqual([{ where: "Rows", count: 42 }, { where: "Lake", count: 40 }, { where: "People", count: 2 }]);
  expect([kept(report), kept({}), erased({ removed: "none" })]).toEqual([1, 0, []]);
});
