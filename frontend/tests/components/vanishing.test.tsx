// Deletions that are held: asked while nobody has said anything, and what was said until the next sync acts on it.
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { expect, test } from "vitest";
import { VanishingOf } from "@/features/connections/vanishing";
import { answering, me, show } from "../answers";

const stream = { id: "s-1", name: "accounts", vanishing: { rows: 312, of: 1000 }, may_vanish: null };

test("keeping the rows sends that none may go", async () => {
  const log = answering({ "/me": { body: me("engineer", ["Acme"], ["change:streams"]) }, "POST /streams/s-1/vanishing": { body: {} } });
  show(<Suspense><VanishingOf stream={stream} /></Suspense>);
  await userEvent.click(await screen.findByRole("button", { name: "Keep the rows" }));
  await waitFor(() => expect(log.find((asked) => asked.method === "POST")?.body).toEqual({ allow: 0 }));
});

test.each([
  [312, "Up to 312 rows of accounts may be deleted by its next sync."],
  [0, "Rows of accounts are kept; its next sync looks again."],
])("what was said stands there instead of the question: %i", async (may_vanish, said) => {
  answering({ "/me": { body: me("engineer") } });
  show(<Suspense><VanishingOf stream={{ ...stream, vanishing: null, may_vanish }} /></Suspense>);
  expect((await screen.findByRole("status")).textContent).toBe(said);
});
