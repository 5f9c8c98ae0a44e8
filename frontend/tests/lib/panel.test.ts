// Which state a panel is in, and what an error is in words.
import { expect, test } from "vitest";
import { panelState } from "@/lib/panel";
import { canRetry, troubleOf } from "@/lib/trouble";
import { problem } from "../answers";

const none = () => false;

test("nothing yet is loading", () => {
  expect(panelState({ data: undefined, error: null, isPending: true }, none)).toEqual({ kind: "loading" });
});

test("an answer with nothing in it is empty", () => {
  expect(panelState<string[]>({ data: [], error: null, isPending: false }, (all) => all.length === 0)).toEqual({ kind: "empty" });
});

test("a refusal is not an error", () => {
  const state = panelState({ data: undefined, error: problem(403, "not_allowed", "Your role may not."), isPending: false }, none);
  expect(state.kind).toBe("not_allowed");
});

test("what was read before stays, and says that it is late", () => {
  const state = panelState({ data: 1, error: new TypeError("Failed to fetch"), isPending: false }, none);
  expect(state).toMatchObject({ kind: "full", data: 1, late: { code: "unreachable" } });
});

test("the server's way out is not said twice", () => {
  const said = troubleOf(problem(503, "try_again", "The database did not answer. Try again in a moment.", "Try again in a moment."));
  expect([said.what, said.fix, said.trace]).toEqual(["The database did not answer.", "Try again in a moment.", "4bf92f3577b34da6a3ce929d0e0e4736"]);
});

test("trying again is offered only where it can help", () => {
  const of = (status: number) => canRetry(troubleOf(problem(status, "", "")));
  expect([of(503), of(429), of(404), of(422), canRetry(troubleOf(new TypeError("Failed to fetch")))]).toEqual([true, true, false, false, true]);
});

test("an answer that is no problem of ours is still said in words", () => {
  expect(troubleOf("<html>").what).toBe("The answer could not be read.");
});
