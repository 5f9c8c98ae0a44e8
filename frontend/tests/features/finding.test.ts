// What a table is narrowed to: as the address says it, as the server is asked, and in words.
import { expect, test } from "vitest";
import { written } from "@/features/data/asking";
import { choicesOf, facetsShown, firstOf } from "@/features/data/facets";
import { endOf, orderOf, questionOf, shownSentence, sortOf, toggled, worded } from "@/features/data/finding";
import { facet, field } from "../made";

test("a value is chosen beside others of its field, and taken away alone", () => {
  expect(toggled(undefined, "stage", "won")).toEqual({ stage: ["won"] });
  expect(toggled({ stage: ["won"], type: ["new"] }, "stage", null)).toEqual({ type: ["new"], stage: ["won", null] });
  expect(toggled({ stage: ["won", null] }, "stage", "won")).toEqual({ stage: [null] });
  expect(toggled({ stage: [null] }, "stage", null)).toBeUndefined();
});

test("the server is asked for each value by a parameter of its own, and for absence by name", () => {
  const question = questionOf({ where: { stage: ["won", null], owner: ["A & B", "50%"], type: [null] }, q: "müller" });
  expect(question).toEqual({ filters: { stage: ["won"], owner: ["A & B", "50%"] }, empty: ["stage", "type"], search: "müller" });
  expect([...new URLSearchParams(written({ limit: 200, cursor: null, ...question }))]).toEqual([
    ["limit", "200"], ["empty", "stage"], ["empty", "type"], ["search", "müller"], ["stage", "won"], ["owner", "A & B"], ["owner", "50%"],
  ]);
});

test("who reads on is given larger pages", () => {
  expect([written({ limit: 200 }), written({ limit: 200, cursor: "c" })]).toEqual(["limit=200", "limit=500&cursor=c"]);
});

test("an order is a field, with a minus where the largest comes first", () => {
  expect(["amount", "-amount", undefined].map((sort) => sortOf(orderOf(sort)))).toEqual(["amount", "-amount", undefined]);
  expect([endOf("money", true), endOf("date", false), endOf("text", true)]).toEqual(["largest first", "earliest first", "Z to A"]);
});

test("the line below a table says what is shown of what, and in which order", () => {
  const fields = [field("amount", "money")];
  expect(shownSentence(200, 4238, { q: "x", sort: "-amount" }, fields)).toBe("200 of 4,238 matching, sorted by Amount, largest first.");
  expect(shownSentence(85, 85, {}, fields)).toBe("85 of 85 read, in the order in which they were founded.");
});

test("values are worded by their field's type", () => {
  expect([worded(field("s", "enum"), "closed_won"), worded(field("b", "boolean"), "false"), worded(field("t"), "a_b"), worded(undefined, null), worded(undefined, " ")]).toEqual(["Closed won", "no", "a_b", "no value", "blank text"]);
});

test("facets that cannot narrow anything, or repeat another, are left out, and words of an enum stand first", () => {
  const fields = [field("country"), field("stage", "enum"), field("stage_source"), field("phone")];
  const facets = [facet(), facet({ field: "stage" }), facet({ field: "stage_source" }), facet({ field: "phone", values: [{ value: "1", count: 9 }], empty: 0 })];
  expect(facetsShown(facets, fields, {}).map((one) => one.field.name)).toEqual(["stage", "country"]);
  expect(facetsShown(facets, fields, { q: "x" }).map((one) => one.field.name)).toEqual(["stage", "country", "phone"]);
});

test("what is chosen stays among the choices, where nothing is left of it and where it is rare", () => {
  expect(choicesOf(facet({ empty: 0 }), ["Peru", null])).toEqual([{ value: "Germany", count: 3 }, { value: "Kenya", count: 1 }, { value: "Peru", count: 0 }, { value: null, count: 0 }]);
  const many = choicesOf(facet({ values: Array.from({ length: 20 }, (_, at) => ({ value: `v${at}`, count: 30 - at })) }), ["v15"]);
  expect(firstOf(many, ["v15"]).map((one) => one.value)).toEqual(["v0", "v1", "v2", "v3", "v4", "v5", "v15"]);
});
