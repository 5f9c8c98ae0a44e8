// A server for components: answers by path, and what it was asked; and a page round the component that is shown.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { vi } from "vitest";
import type { Schemas } from "@/lib/client";

export const AT = "2026-03-02T09:30:00Z";
export const ID = "0b8e7a52-6a0e-4a9b-9a54-0f5c2c6f9d10";

export interface Asked {
  method: string;
  path: string;
  search: URLSearchParams;
  body: unknown;
}

type Answer = { status?: number; body: unknown } | "never" | "unreachable";
export type Answers = Record<string, Answer | ((asked: Asked) => Answer)>;

/** Paths below /api/v1, with the method in front where it is not GET: "POST /runs". */
export function answering(answers: Answers): Asked[] {
  const log: Asked[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const url = new URL(request.url);
    const path = url.pathname.replace("/api/v1", "");
    const asked = { method: request.method, path, search: url.searchParams, body: request.method === "POST" ? ((await request.json()) as unknown) : null };
    log.push(asked);
    const found = answers[request.method === "GET" ? path : `${request.method} ${path}`];
    const answer = typeof found === "function" ? found(asked) : (found ?? { status: 404, body: problem(404, "not_found", "There is no such thing here.") });
    if (answer === "never") return new Promise<Response>(() => undefined);
    if (answer === "unreachable") throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify(answer.body), { status: answer.status ?? 200, headers: { "content-type": "application/json" } });
  });
  return log;
}

export const problem = (status: number, code: string, detail: string, fix = ""): Schemas["Problem"] => ({
  type: `urn:aos:problem:${code}`, title: "", status, detail, code, fix, culprit: "", trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", errors: [],
});

type Role = Schemas["TenantSeen"]["role"];
const DECIDES = ["ask:runs", "decide:proposals"];

export const me = (role: Role = "engineer", tenants = ["Acme"], may: string[] = role === "viewer" ? [] : DECIDES): Schemas["Me"] => {
  const all = tenants.map((name, at) => ({ id: at === 0 ? ID : `${ID}-${at}`, slug: name.toLowerCase(), name, role, persona: null }));
  return { user: { id: ID, email: "ada@acme.example", name: "Ada" }, tenant: all[0] ?? { id: ID, slug: "acme", name: "Acme", role, persona: null }, tenants: all, role, operator: false, may, expires_at: AT, by_grant: false, until: null, granted: [] };
};

/** Who runs the installation, and is in no tenant. */
export const operator = (): Schemas["Me"] => ({ ...me("owner", [], ["create:tenants", "read:tenants"]), tenant: null, role: null, operator: true });

/** Shown inside a router, so that links have somewhere to lead, and with queries that try once. */
export function show(node: ReactNode) {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 0 } } });
  const root = createRootRoute({ component: () => <QueryClientProvider client={queries}>{node}</QueryClientProvider> });
  const router = createRouter({ routeTree: root, history: createMemoryHistory({ initialEntries: ["/"] }) });
  return render(<RouterProvider router={router as never} />);
}
