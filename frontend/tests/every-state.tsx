// The same questions of every panel: loading, empty, error with its trace, not allowed, and full.
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { describe, expect, test } from "vitest";
import { answering, problem, show, type Answers } from "./answers";

export interface Case {
  name: string;
  node: ReactNode;
  path: string; // what the panel rests on
  empty?: unknown;
  full: { body: unknown };
  shown: string | RegExp;
}

const state = (kind: string) => document.querySelector(`[data-state="${kind}"]`);

/** `beside`: what stands beside the panel in question answers as always. */
export function everyState(cases: Case[], beside: (one: Case) => Answers): void {
  describe.each(cases)("$name", (one) => {
    test("while it loads it shows its shape", async () => {
      answering({ ...beside(one), [one.path]: "never" });
      show(one.node);
      await waitFor(() => expect(state("loading")).not.toBeNull());
    });

    test.skipIf(one.empty === undefined)("where there is nothing it says what would be there and why not", async () => {
      answering({ ...beside(one), [one.path]: { body: one.empty } });
      show(one.node);
      await waitFor(() => expect(state("empty")?.querySelectorAll("p").length).toBe(2));
    });

    test("an error says what failed, that nothing was lost, and its trace", async () => {
      answering({ ...beside(one), [one.path]: { status: 503, body: problem(503, "try_again", "The database did not answer.", "Try again in a moment.") } });
      show(one.node);
      await waitFor(() => expect(state("error")).not.toBeNull());
      const said = state("error")?.textContent ?? "";
      expect(said).toMatch(/could not be shown.*The database did not answer\. Try again in a moment\. Nothing was lost\./);
      expect(said).toContain("4bf92f3577b34da6a3ce929d0e0e4736");
    });

    test("a server that is away can be asked again", async () => {
      const log = answering({ ...beside(one), [one.path]: "unreachable" });
      show(one.node);
      await waitFor(() => expect(state("error")?.textContent).toContain("The server did not answer."));
      const before = log.filter((asked) => asked.path === one.path).length;
      const again = state("error")?.querySelector("button");
      if (again) await userEvent.click(again);
      await waitFor(() => expect(log.filter((asked) => asked.path === one.path).length).toBeGreaterThan(before));
    });

    test("who may not see it is told who can help", async () => {
      answering({ ...beside(one), [one.path]: { status: 403, body: problem(403, "not_allowed", "Your role may not read this.", "Ask an owner.") } });
      show(one.node);
      await waitFor(() => expect(state("not_allowed")?.textContent).toBe("Your role may not read this.Ask an owner."));
    });

    test("full, it shows what was answered", async () => {
      answering(beside(one));
      show(one.node);
      expect((await screen.findAllByText(one.shown)).length).toBeGreaterThan(0);
    });
  });
}
