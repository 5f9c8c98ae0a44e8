// The inbox's keys, edited changes, and what a change speaks of.
import { expect, test } from "vitest";
import { changeOf, draftOf, isComplete } from "@/features/approvals/edited";
import { after, isTyping, stepOf } from "@/features/approvals/keys";
import { spokenOf } from "@/features/approvals/spoken";
import { standing } from "@/features/approvals/standing";

const inbox = { ids: ["1", "2", "3"], selected: "2", mayDecide: true };

test("j and k move, and stop at the ends", () => {
  expect([stepOf("j", inbox), stepOf("k", inbox), stepOf("j", { ...inbox, selected: "3" }), stepOf("k", { ...inbox, selected: "1" })]).toEqual([{ kind: "select", id: "3" }, { kind: "select", id: "1" }, null, null]);
});

test("who may not decide has keys to move only", () => {
  const viewer = { ...inbox, mayDecide: false };
  expect(["a", "r", "e", "j"].map((key) => stepOf(key, viewer)?.kind ?? null)).toEqual([null, null, null, "select"]);
});

test("a, r and e begin a decision", () => {
  expect(["a", "r", "e", "x"].map((key) => stepOf(key, inbox)?.kind ?? null)).toEqual(["approve", "reject", "edit", null]);
});

test("in an empty inbox nothing moves", () => {
  expect(stepOf("j", { ids: [], selected: undefined, mayDecide: true })).toBeNull();
});

test("after a decision the next in line is shown, at the end the one before", () => {
  expect([after(["1", "2", "3"], "2"), after(["1", "2"], "2"), after(["1"], "1")]).toEqual(["3", "1", undefined]);
});

test("letters that are written are not keys", () => {
  expect([isTyping(document.createElement("input")), isTyping(document.createElement("button")), isTyping(null)]).toEqual([true, false, false]);
});

test("an edited change keeps its other words", () => {
  const values = { Won: "closed_won" };
  expect(changeOf({ column: "Stage", expr: "" }, { from: "Old", values }, "stage")).toEqual({ change: { values, from: "Stage" } });
});

test("a field has one source: a column or an expression, not both and not neither", () => {
  expect([changeOf({ column: "A", expr: "B" }, {}, "x"), changeOf({ column: " ", expr: "" }, {}, "x")].every((one) => "problem" in one)).toBe(true);
});

test("a proposal about a whole stream is edited by its key", () => {
  expect([draftOf({ key: "Id" }, null), changeOf({ column: "Nr", expr: "" }, { key: "Id" }, null)]).toEqual([{ column: "Id", expr: "" }, { change: { key: "Nr" } }]);
});

test("a question without an answer cannot be approved as it is", () => {
  expect([isComplete({}, "currency"), isComplete({ expr: "'USD'" }, "currency"), isComplete({ key: "Id" }, null)]).toEqual([false, true, true]);
});

test("an expression speaks of the columns that it names", () => {
  const columns = [{ name: "revenue" }, { name: "Unit Price" }, { name: "other" }];
  expect(spokenOf({ expr: 'revenue * "Unit Price"' }, columns).map((one) => one.name)).toEqual(["revenue", "Unit Price"]);
});

test("what stands now is the field's entry in the mapping's document", () => {
  const document = { key: "Id", fields: { name: { from: "Name" } } };
  expect([standing(document, "name"), standing(document, "age"), standing(document, null)]).toEqual([{ from: "Name" }, null, { key: "Id" }]);
});
