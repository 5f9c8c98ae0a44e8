// Deciding on a proposal: what is sent, what may not be, and what a viewer sees.
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { expect, test } from "vitest";
import { Inbox, type InboxSearch } from "@/features/approvals/inbox";
import type { Schemas } from "@/lib/client";
import { answering, me, problem, show, type Answers } from "../answers";
import { mapping, proposal, streamDetail } from "../made";

const DECIDE = "POST /proposals/p-1/decide";

function inbox(role: Schemas["TenantSeen"]["role"], changed: Partial<Schemas["ProposalDetail"]> = {}, more: Answers = {}) {
  const said = proposal(changed);
  const searches: InboxSearch[] = [];
  const log = answering({
    "/me": { body: me(role) },
    "/proposals": { body: { items: [said, proposal({ id: "p-2", title: "another?" })] } },
    "/proposals/p-1": { body: said },
    "/streams/s-1": { body: streamDetail() },
    "/mappings": { body: { items: [mapping()] } },
    "/mappings/m-1": { body: { ...mapping(), document: { key: "Id", fields: { industry: { from: "Branch", by: "auto" } } }, seq: 1 } },
    [DECIDE]: { body: { seq: 13 } },
    ...more,
  });
  show(<Suspense><Inbox search={{ proposal: "p-1" }} onSearch={(search) => searches.push(search)} /></Suspense>);
  return { sent: () => log.find((asked) => asked.method === "POST")?.body, searches };
}

test("approving sends the hash of exactly the change that was seen, then shows the next", async () => {
  const { sent, searches } = inbox("engineer");
  await screen.findByText("from: Branch"); // what stands now, as the removed line of the diff
  await userEvent.keyboard("a");
  await userEvent.click(await screen.findByRole("button", { name: "Approve this change" }));
  await waitFor(() => expect(sent()).toEqual({ verdict: "approved", change_hash: "5d41", change: null, reason: null }));
  await waitFor(() => expect(searches.at(-1)).toEqual({ show: undefined, proposal: "p-2" }));
});

test("rejecting asks why, and sends the reason", async () => {
  const { sent } = inbox("engineer");
  await screen.findByRole("button", { name: /Reject/ });
  await userEvent.keyboard("r");
  const send = await screen.findByRole("button", { name: "Reject this change" });
  expect(send).toHaveProperty("disabled", true);
  await userEvent.keyboard("another column says it{Tab}{Enter}");
  await waitFor(() => expect(sent()).toEqual({ verdict: "rejected", change_hash: "5d41", change: null, reason: "another column says it" }));
});

test("an edited change is sent in place of the one proposed", async () => {
  const { sent } = inbox("engineer");
  await screen.findByRole("button", { name: /Edit/ });
  await userEvent.keyboard("e");
  await userEvent.selectOptions(await screen.findByLabelText("Column that feeds it"), await screen.findByRole("option", { name: "Id" }));
  await userEvent.click(screen.getByRole("button", { name: "Approve the edited change" }));
  await waitFor(() => expect(sent()).toMatchObject({ verdict: "approved", change: { from: "Id" } }));
});

test("a question without an answer must be edited before it can be approved", async () => {
  inbox("engineer", { field: "currency", change: {}, confidence: 0 });
  expect(await screen.findByRole("button", { name: /Approve/ })).toHaveProperty("disabled", true);
  await screen.findByText("There is no suggestion: a person has to say it.");
});

test("a decision that came too late says that nothing was decided", async () => {
  inbox("engineer", {}, { [DECIDE]: { status: 409, body: problem(409, "needs_a_decision", "This proposal is approved already.", "Look at what is open now.") } });
  await userEvent.click(await screen.findByRole("button", { name: /Approve/ }));
  await userEvent.click(await screen.findByRole("button", { name: "Approve this change" }));
  expect((await screen.findByRole("alert")).textContent).toBe("Nothing was decided. This proposal is approved already. Look at what is open now.");
});

test("a viewer sees the evidence, cannot decide by button or key, and is told who can", async () => {
  const { sent } = inbox("viewer");
  await screen.findByText("Sector is another name of industry");
  await userEvent.keyboard("a");
  expect(screen.queryByRole("button", { name: /Approve|Reject|Edit/ })).toBeNull();
  expect(document.querySelector("[data-may=see]")?.textContent).toBe("You see what waits; as viewer you cannot decide. An owner, an admin or an engineer of this tenant can.");
  expect(sent()).toBeUndefined();
});
