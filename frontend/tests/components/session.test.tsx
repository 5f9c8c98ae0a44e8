// Signing in, changing the tenant, the theme, and windows that share a session.
import { QueryClient } from "@tanstack/react-query";
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { expect, test, vi } from "vitest";
import { AccountMenu } from "@/features/frame/account-menu";
import { TenantMenu } from "@/features/frame/tenant-menu";
import { SignIn } from "@/features/session/sign-in";
import { begun, followOtherWindows, wasSignedIn } from "@/lib/session";
import { answering, me, problem, show } from "../answers";

async function fillIn() {
  await userEvent.type(await screen.findByLabelText("E-mail"), "ada@acme.example");
  await userEvent.type(screen.getByLabelText("Password"), "correct horse{Enter}");
}

test("signing in sends what was typed and goes on", async () => {
  const done = vi.fn();
  const log = answering({ "POST /auth/login": { body: {} } });
  show(<SignIn onDone={done} />);
  await fillIn();
  await waitFor(() => expect(done).toHaveBeenCalledOnce());
  expect([log.find((asked) => asked.method === "POST")?.body, wasSignedIn()]).toEqual([{ email: "ada@acme.example", password: "correct horse" }, true]);
});

test("a wrong password is said in words and nothing else happens", async () => {
  const done = vi.fn();
  answering({ "POST /auth/login": { status: 401, body: problem(401, "not_signed_in", "E-mail or password are wrong.", "Try again.") } });
  show(<SignIn onDone={done} />);
  await fillIn();
  expect((await screen.findByRole("alert")).textContent).toBe("E-mail or password are wrong. Try again.");
  expect(done).not.toHaveBeenCalled();
});

test("a person of one tenant sees its name and nothing to change", async () => {
  answering({ "/me": { body: me() } });
  show(<Suspense><TenantMenu /></Suspense>);
  await screen.findByText("Acme");
  expect(screen.queryByRole("button")).toBeNull();
});

test("a person of several tenants changes between them", async () => {
  const log = answering({ "/me": { body: me("engineer", ["Acme", "Globex"]) }, "POST /auth/switch": { body: {} } });
  show(<Suspense><TenantMenu /></Suspense>);
  await userEvent.click(await screen.findByRole("button", { name: "Tenant Acme, change" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: /Globex/ }));
  await waitFor(() => expect(log.find((asked) => asked.method === "POST")).toMatchObject({ path: "/auth/switch", body: { tenant: "globex" } }));
});

test("a chosen theme is kept, and the system's again when asked for", async () => {
  answering({ "/me": { body: me() } });
  show(<Suspense><AccountMenu /></Suspense>);
  await userEvent.click(await screen.findByRole("button", { name: "You and this screen" }));
  await userEvent.click(await screen.findByRole("menuitemradio", { name: "Dark" }));
  expect([document.documentElement.dataset.theme, localStorage.getItem("aos.theme")]).toEqual(["dark", "dark"]);
  await userEvent.click(await screen.findByRole("menuitemradio", { name: "As the system" }));
  expect([document.documentElement.dataset.theme, localStorage.getItem("aos.theme")]).toEqual([undefined, null]);
});

test("when the session changes in one window the others start again, with nothing of the old one", async () => {
  const restart = vi.fn();
  const stop = followOtherWindows(restart);
  const queries = new QueryClient();
  queries.setQueryData(["get", "/api/v1/runs"], { items: ["of the tenant that was left"] });
  begun(queries);
  await waitFor(() => expect(restart).toHaveBeenCalledOnce());
  expect(queries.getQueryCache().getAll()).toEqual([]);
  stop();
});
