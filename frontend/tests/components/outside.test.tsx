// The pages outside: what signing in offers, signing up, an invitation's link, a new password.
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Invitation } from "@/features/session/invitation";
import { Reset } from "@/features/session/reset";
import { SignIn } from "@/features/session/sign-in";
import { SignUp } from "@/features/session/sign-up";
import { wasSignedIn } from "@/lib/session";
import { answering, me, problem, show, type Asked } from "../answers";
import { link, offered } from "../made-people";

const OPTIONS = { "/auth/options": { body: offered() } };
const NEW = "three words of mine";
const sent = (log: Asked[]) => log.findLast((asked) => asked.method === "POST")?.body;

test("a provider is offered only where there is one, and going there is remembered", async () => {
  answering({ "/auth/options": { body: offered({ oidc: "your company", sign_up: true }) } });
  show(<SignIn onDone={vi.fn()} />);
  const there = await screen.findByRole("link", { name: "Sign in with your company" });
  there.addEventListener("click", (event) => event.preventDefault());
  await userEvent.click(there);
  expect([there.getAttribute("href"), wasSignedIn(), screen.getByRole("link", { name: "Make a tenant of your own" }).textContent]).toEqual(["/api/v1/auth/oidc/start", true, "Make a tenant of your own"]);
});

test("who comes back from the provider without a session is told why, and is not taken for signed in", async () => {
  localStorage.setItem("aos.session", "1");
  answering(OPTIONS);
  show(<SignIn problem="not_let_in" onDone={vi.fn()} />);
  expect((await screen.findByRole("alert")).textContent).toContain("Ask an owner of a tenant for an invitation");
  expect([wasSignedIn(), screen.queryByRole("link", { name: /Sign in with/ })]).toEqual([false, null]);
});

test("signing up makes a tenant whose short name follows its name", async () => {
  const done = vi.fn();
  const log = answering({ "/auth/options": { body: offered({ sign_up: true }) }, "POST /auth/sign-up": { body: {} } });
  show(<SignUp onDone={done} />);
  await userEvent.type(await screen.findByLabelText("Your name"), "Ada");
  await userEvent.type(screen.getByLabelText("E-mail"), "ada@initech.example");
  await userEvent.type(screen.getByLabelText(/Password/), NEW);
  await userEvent.type(screen.getByLabelText("What your tenant is called"), "Initech AG{Enter}");
  await waitFor(() => expect(done).toHaveBeenCalledOnce());
  expect(log.find((asked) => asked.method === "POST")?.body).toEqual({ email: "ada@initech.example", name: "Ada", password: NEW, tenant_name: "Initech AG", tenant: "initech-ag" });
});

test("where nobody signs up it is said, with whom to ask", async () => {
  answering(OPTIONS);
  show(<SignUp onDone={vi.fn()} />);
  expect((await screen.findByText(/Ask its operator for a tenant/)).textContent).toContain("invitation");
  expect(screen.queryByRole("button")).toBeNull();
});

test("somebody new joins with a name and a password, and the token stands in no address", async () => {
  const done = vi.fn();
  const log = answering({ ...OPTIONS, "POST /auth/invitation": { body: link() }, "POST /auth/invitation/accept": { body: {} } });
  show(<Invitation token="Zb0s" onDone={done} />);
  await userEvent.type(await screen.findByLabelText("Your name"), "Grace");
  await userEvent.type(screen.getByLabelText(/A password of yours/), `${NEW}{Enter}`);
  await waitFor(() => expect(done).toHaveBeenCalledOnce());
  expect(sent(log)).toEqual({ token: "Zb0s", name: "Grace", password: NEW });
  expect(log.every((asked) => !asked.path.includes("Zb0s") && !asked.search.toString().includes("Zb0s"))).toBe(true);
});

test("who has an account is asked for its password alone", async () => {
  const log = answering({ ...OPTIONS, "POST /auth/invitation": { body: link({ known: true }) }, "POST /auth/invitation/accept": { status: 401, body: problem(401, "not_signed_in", "E-mail or password are wrong.", "Try again.") } });
  show(<Invitation token="Zb0s" onDone={vi.fn()} />);
  await userEvent.type(await screen.findByLabelText("Password"), "wrong one here{Enter}");
  expect((await screen.findByRole("alert")).textContent).toBe("You have not joined. E-mail or password are wrong. Try again.");
  expect([screen.queryByLabelText("Your name"), sent(log)]).toEqual([null, { token: "Zb0s", password: "wrong one here" }]);
});

test("who is signed in as that person joins with one click, and nobody else does", async () => {
  localStorage.setItem("aos.session", "1");
  const log = answering({ ...OPTIONS, "/me": { body: { ...me(), user: { id: "u", email: "Grace@acme.example", name: "Grace" } } }, "POST /auth/invitation": { body: link({ known: true }) }, "POST /auth/invitation/accept": { body: {} } });
  show(<Invitation token="Zb0s" onDone={vi.fn()} />);
  await screen.findByText(/join with one click/);
  await userEvent.click(screen.getByRole("button", { name: "Join Acme" }));
  await waitFor(() => expect(sent(log)).toEqual({ token: "Zb0s" }));
});

test("a link that opens nothing says so, and an address without a token too", async () => {
  answering({ "POST /auth/invitation": { status: 410, body: problem(410, "gone", "This link opens nothing any more.", "Ask whoever sent it for a new one.") } });
  const { unmount } = show(<Invitation token="used" onDone={vi.fn()} />);
  expect((await screen.findByRole("alert")).textContent).toContain("Ask whoever sent it for a new one.");
  unmount();
  show(<Invitation token="" onDone={vi.fn()} />);
  await screen.findByText(/cut short on its way/);
});

test("a new password is set once, and leads to signing in", async () => {
  const log = answering({ ...OPTIONS, "POST /auth/reset": { body: {} } });
  show(<Reset token="Rt9" />);
  await userEvent.type(await screen.findByLabelText(/New password/), `${NEW}{Enter}`);
  await screen.findByText(/All your sessions have ended/);
  expect([sent(log), screen.getByRole("link", { name: "Sign in" }).getAttribute("href")]).toEqual([{ token: "Rt9", password: NEW }, "/sign-in"]);
});
