// The pages of the app: path, search schema, title; each page's own code is loaded when it is opened.
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, redirect } from "@tanstack/react-router";
import { instead } from "@/routes/homeward";
import { choices, given, oneOf, text, texts, words } from "@/routes/search";
import { meOptions, wasSignedIn } from "@/lib/session";
import { troubleOf } from "@/lib/trouble";

export interface Context {
  queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()();

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (raw) => given({ next: text(raw, "next"), problem: oneOf(raw, "problem", ["not_let_in", "try_again", "refused"]) }),
}).lazy(() => import("@/routes/sign-in").then((page) => page.Route));

const signUp = createRoute({ getParentRoute: () => root, path: "/sign-up" }).lazy(() => import("@/routes/sign-up").then((page) => page.Route));
const invitation = createRoute({ getParentRoute: () => root, path: "/invitation" }).lazy(() => import("@/routes/invitation").then((page) => page.Route));
const reset = createRoute({ getParentRoute: () => root, path: "/reset" }).lazy(() => import("@/routes/reset").then((page) => page.Route));

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ context, location }) => {
    const away = () => redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href } });
    if (!wasSignedIn()) throw away();
    try {
      const elsewhere = instead(await context.queries.query({ ...meOptions, staleTime: "static" }), location.pathname);
      if (elsewhere) throw redirect({ to: elsewhere });
    } catch (error) {
      if (troubleOf(error).status === 401) throw away();
      throw error;
    }
  },
}).lazy(() => import("@/routes/inside").then((page) => page.Route));

const dashboard = createRoute({
  getParentRoute: () => inside,
  path: "/",
  staticData: { title: "Dashboard", line: "Is everything all right, and what changed?" },
}).lazy(() => import("@/routes/dashboard").then((page) => page.Route));

const approvals = createRoute({
  getParentRoute: () => inside,
  path: "/approvals",
  validateSearch: (raw) => given({ proposal: text(raw, "proposal"), show: oneOf(raw, "show", ["decided"]) }),
  staticData: { title: "Approvals", line: "What waits for a decision, and on what evidence?" },
}).lazy(() => import("@/routes/approvals").then((page) => page.Route));

const connections = createRoute({
  getParentRoute: () => inside,
  path: "/connections",
  validateSearch: (raw) => given({ show: oneOf(raw, "show", ["syncs"]) }),
  staticData: { title: "Connections", line: "What is connected, and can I believe it?" },
}).lazy(() => import("@/routes/connections").then((page) => page.Route));

const adding = createRoute({
  getParentRoute: () => inside,
  path: "/connections/new",
  validateSearch: (raw) => given({ source: text(raw, "source") }),
  staticData: { title: "Connections", line: "What is connected, and can I believe it?" },
}).lazy(() => import("@/routes/adding").then((page) => page.Route));

const connection = createRoute({
  getParentRoute: () => inside,
  path: "/connections/$connectionId",
  validateSearch: (raw) => given({ part: oneOf(raw, "part", ["streams", "syncs", "schema", "files"]), stream: text(raw, "stream"), open: oneOf(raw, "open", ["edit", "secret"]) }),
  staticData: { title: "Connections", line: "What is connected, and can I believe it?" },
}).lazy(() => import("@/routes/connection").then((page) => page.Route));

const stream = createRoute({
  getParentRoute: () => inside,
  path: "/streams/$streamId",
  validateSearch: (raw) => given({ part: oneOf(raw, "part", ["columns", "fingerprints", "mappings", "syncs"]) }),
  staticData: { title: "Stream", line: "What did the source send, exactly?", under: "/connections" },
}).lazy(() => import("@/routes/stream").then((page) => page.Route));

const discover = createRoute({
  getParentRoute: () => inside,
  path: "/discover",
  validateSearch: (raw) => given({ q: words(raw, "q"), show: oneOf(raw, "show", ["onboarding"]) }),
  staticData: { title: "Discover", line: "What do our systems hold, and what of it is connected?" },
}).lazy(() => import("@/routes/discover").then((page) => page.Route));

const data = createRoute({
  getParentRoute: () => inside,
  path: "/data",
  staticData: { title: "Data", line: "What do we know, and where does each value come from?" },
}).lazy(() => import("@/routes/data").then((page) => page.Route));

const entity = createRoute({
  getParentRoute: () => inside,
  path: "/data/$entity",
  validateSearch: (raw) => given({ columns: texts(raw, "columns"), where: choices(raw, "where"), q: words(raw, "q"), sort: text(raw, "sort") }),
  staticData: { title: "Data", line: "What do we know, and where does each value come from?" },
}).lazy(() => import("@/routes/entity").then((page) => page.Route));

const record = createRoute({
  getParentRoute: () => inside,
  path: "/data/$entity/$id",
  validateSearch: (raw) => given({ cell: text(raw, "cell") }),
  staticData: { title: "Data", line: "What do we know, and where does each value come from?" },
}).lazy(() => import("@/routes/record").then((page) => page.Route));

const runs = createRoute({
  getParentRoute: () => inside,
  path: "/runs",
  validateSearch: (raw) => given({ stage: text(raw, "stage"), open: text(raw, "open"), run: text(raw, "run") }),
  staticData: { title: "Runs", line: "What ran, what did it count, and what failed?" },
}).lazy(() => import("@/routes/runs").then((page) => page.Route));

const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings",
  staticData: { title: "Settings", line: "Who may do what here, and what did they do?" },
}).lazy(() => import("@/routes/settings").then((page) => page.Route));

const section = createRoute({
  getParentRoute: () => inside,
  path: "/settings/$section",
  validateSearch: (raw) => given({ open: words(raw, "open"), actor: words(raw, "actor"), noun: text(raw, "noun"), verb: text(raw, "verb") }),
  staticData: { title: "Settings", line: "Who may do what here, and what did they do?", under: "/settings" },
}).lazy(() => import("@/routes/settings-section").then((page) => page.Route));

const operator = createRoute({
  getParentRoute: () => inside,
  path: "/operator",
  validateSearch: (raw) => given({ tenant: text(raw, "tenant") }),
  staticData: { title: "Installation", line: "Which tenants are here, and how much may each of them use?" },
}).lazy(() => import("@/routes/operator").then((page) => page.Route));

const missing = createRoute({
  getParentRoute: () => inside,
  path: "$",
}).lazy(() => import("@/routes/missing").then((page) => page.Route));

const gallery = createRoute({ getParentRoute: () => root, path: "/gallery" });
const shown = import.meta.env.DEV ? gallery.lazy(() => import("@/routes/gallery").then((page) => page.Route)) : null;

const pages = inside.addChildren([dashboard, approvals, connections, adding, connection, stream, discover, data, entity, record, runs, settings, section, operator, missing]);

const outside = [signIn, signUp, invitation, reset];

export const tree = root.addChildren(shown ? [...outside, pages, shown] : [...outside, pages]);
