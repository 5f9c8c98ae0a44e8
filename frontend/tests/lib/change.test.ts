// A change as lines of a diff.
import { expect, test } from "vitest";
import { changeLines } from "@/lib/change";

test("what was nothing is only added", () => {
  expect(changeLines(null, { from: "Sector" })).toEqual([{ kind: "added", text: "from: Sector" }]);
});

test("a changed column is removed and added, its values stay", () => {
  const values = { Won: "closed_won" };
  expect(changeLines({ from: "Stage", values }, { from: "StageName", values })).toEqual([
    { kind: "removed", text: "from: Stage" },
    { kind: "added", text: "from: StageName" },
    { kind: "kept", text: "values:" },
    { kind: "kept", text: "  Won: closed_won" },
  ]);
});

test("who decided and on what evidence is no part of the change", () => {
  expect(changeLines({ from: "A", by: "auto", confidence: 1, evidence: ["x"] }, { from: "A", by: "ada@acme.example" })).toEqual([{ kind: "kept", text: "from: A" }]);
});

test("a short spelling of a column is the same change", () => {
  expect(changeLines("A", { from: "A" })).toEqual([{ kind: "kept", text: "from: A" }]);
});
