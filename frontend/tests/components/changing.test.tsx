// Changing something: the question before it, the secret shown once, the short list, and the key that a click carries.
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Confirm } from "@/components/confirm";
import { Listing } from "@/components/listing";
import { Secret } from "@/components/secret";
import { client } from "@/lib/client";
import { keyOf } from "@/lib/keyed";
import { troubleOf, wasLost } from "@/lib/trouble";
import { answering, problem, show } from "../answers";

const erase = (onConfirm: () => Promise<unknown>) => (
  <Confirm kind="danger" title="Erase Acme?" about="Nothing brings it back." act="Erase Acme" typed="acme" onConfirm={onConfirm}>
    Erase
  </Confirm>
);

test("what cannot be undone is done only after its name was typed, letter for letter", async () => {
  const act = vi.fn(() => Promise.resolve());
  show(erase(act));
  await userEvent.click(await screen.findByRole("button", { name: "Erase" }));
  const button = screen.getByRole("button", { name: "Erase Acme" });
  await userEvent.type(screen.getByLabelText(/Type acme/), "Acme{Enter}");
  expect([button.hasAttribute("disabled"), act.mock.calls.length]).toEqual([true, 0]);
  await userEvent.clear(screen.getByLabelText(/Type acme/));
  await userEvent.type(screen.getByLabelText(/Type acme/), "acme{Enter}");
  await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
  expect(act).toHaveBeenCalledOnce();
});

test("a question that is left does nothing, and the focus is where it was", async () => {
  const act = vi.fn(() => Promise.resolve());
  show(erase(act));
  await userEvent.click(await screen.findByRole("button", { name: "Erase" }));
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
  expect([act.mock.calls.length, document.activeElement?.textContent]).toEqual([0, "Erase"]);
});

test("what was refused is said where it was asked", async () => {
  show(erase(() => Promise.reject(Object.assign(new Error(), problem(409, "needs_a_decision", "Acme has one owner.", "Make somebody else an owner first.")))));
  await userEvent.click(await screen.findByRole("button", { name: "Erase" }));
  await userEvent.type(screen.getByLabelText(/Type acme/), "acme{Enter}");
  expect((await screen.findByRole("alert")).textContent).toBe("Nothing was changed. Acme has one owner. Make somebody else an owner first.");
});

test("a secret can be copied, and goes when it was kept", async () => {
  const done = vi.fn();
  const user = userEvent.setup();
  show(<Secret label="Key" text="aos_7Qm2" until="It ends in 90 days." onDone={done} />);
  await user.click(await screen.findByRole("button", { name: "Copy" }));
  expect([await navigator.clipboard.readText(), screen.getByRole("status").textContent.includes("not shown again")]).toEqual(["aos_7Qm2", true]);
  await user.click(screen.getByRole("button", { name: "I have kept it" }));
  expect(done).toHaveBeenCalledOnce();
});

test.each([false, true])("a short list shows the same facts where it is narrow: %s", async (narrow) => {
  vi.stubGlobal("matchMedia", (query: string) => ({ matches: narrow, media: query, addEventListener: () => undefined, removeEventListener: () => undefined }));
  show(<Listing label="Members" rows={[{ name: "Ada", role: "owner" }]} rowKey={(row) => row.name} parts={[{ head: "Name", cell: (row) => row.name }, { head: "Role", cell: (row) => row.role }, { head: "Change", kind: "actions", cell: () => <button type="button">Remove</button> }]} />);
  await screen.findByText("Ada");
  expect([screen.queryAllByRole("table").length, screen.getByText("owner").textContent, screen.getAllByRole("button").length]).toEqual([narrow ? 0 : 1, "owner", 1]);
});

test("each change carries a key of its own, and a second try of the same click the same one", async () => {
  const seen: (string | null)[] = [];
  answering({});
  const answer = globalThis.fetch;
  vi.stubGlobal("fetch", (request: Request) => {
    seen.push(request.headers.get("idempotency-key"));
    return answer(request);
  });
  const click = { body: { reason: "a test" } };
  await client.POST("/api/v1/runs", click);
  await client.POST("/api/v1/runs", click);
  await client.POST("/api/v1/runs", { body: { reason: "a test" } });
  await client.GET("/api/v1/runs");
  expect([seen[0] === seen[1], seen[1] === seen[2], seen[0], seen[3]]).toEqual([true, false, keyOf(click), null]);
});

test("only a change of which nobody can say whether it was done is sent again", () => {
  const said = (status: number) => wasLost(troubleOf(problem(status, "x", "y")));
  expect([wasLost(troubleOf(new TypeError("Failed to fetch"))), said(503), said(429), said(409), said(500)]).toEqual([true, true, false, false, false]);
});
