// Every panel in every state: loading, empty, error with its trace, not allowed, and full.
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense, type ReactNode } from "react";
import { describe, expect, test } from "vitest";
import { Inbox } from "@/features/approvals/inbox";
import { ConnectionDetail } from "@/features/connections/connection-detail";
import { ConnectionList } from "@/features/connections/connection-list";
import { Dashboard } from "@/features/dashboard/dashboard";
import { Figures } from "@/features/dashboard/figure-cards";
import { RecentRuns } from "@/features/dashboard/recent-runs";
import { Catalogue } from "@/features/data/catalogue";
import { EntityTable } from "@/features/data/entity-table";
import { RecordPage } from "@/features/data/record-page";
import { RunList } from "@/features/runs/run-list";
import { Fingerprints } from "@/features/streams/fingerprints";
import { StreamPage } from "@/features/streams/stream-page";
import { connectionId, recordId, streamId } from "@/lib/ids";
import { answering, AT, me, problem, show, type Answers } from "../answers";
import { cell, column, connection, entity, facet, mapping, metric, proposal, record, run, stream, streamDetail, sync, version } from "../made";

const ignore = () => undefined;
const items = (all: unknown[]) => ({ body: { items: all } });
const ALL: Answers = { "/me": { body: me() }, "/connections": items([connection()]), "/streams": items([stream()]), "/mappings": items([mapping()]), "/mappings/m-1": { body: { ...mapping(), document: { key: "Id", fields: {} }, seq: 1 } }, "/syncs": items([sync()]), "/proposals": items([proposal()]), "/proposals/p-1": { body: proposal() }, "/entities": { body: { version, entities: [entity()] } }, "/metrics": { body: { version, metrics: [metric()] } }, "/runs": items([run()]), "/streams/s-1": { body: streamDetail() } };

interface Case {
  name: string;
  node: ReactNode;
  path: string; // what the panel rests on
  empty?: unknown;
  full: { body: unknown };
  shown: string | RegExp;
}

const CASES: Case[] = [
  { name: "figures", node: <Figures />, path: "/metrics", empty: { version: null, metrics: [] }, full: { body: { version, metrics: [metric()] } }, shown: "1,250,000.5" },
  { name: "recent runs", node: <RecentRuns />, path: "/runs", empty: { items: [] }, full: items([run()]), shown: "1 step" },
  { name: "runs", node: <Suspense><RunList search={{}} onSearch={ignore} /></Suspense>, path: "/runs", empty: { items: [], next: null }, full: items([run({ state: "failed", error: { what: "The folder is gone." } })]), shown: "The folder is gone." },
  { name: "one step of a run", node: <Suspense><RunList search={{ run: "u-1" }} onSearch={ignore} /></Suspense>, path: "/runs/u-1", full: { body: run() }, shown: "In Dagster" },
  { name: "connections", node: <ConnectionList />, path: "/connections", empty: { items: [] }, full: items([connection({ note: "demo data" })]), shown: "demo data" },
  { name: "one connection", node: <ConnectionDetail id={connectionId("c-1")} />, path: "/connections/c-1", full: { body: { ...connection(), detail: [{ id: "s-1", name: "accounts", delete_mode: "exact", policy: {}, reading: null, mappings: [mapping()] }] } }, shown: "To account:" },
  { name: "syncs of a connection", node: <ConnectionDetail id={connectionId("c-1")} />, path: "/connections/c-1/syncs", empty: { items: [] }, full: items([sync({ state: "failed", error: { what: "No such file." } })]), shown: /No such file/ },
  { name: "entities", node: <Catalogue />, path: "/entities", empty: { version: null, entities: [] }, full: { body: { version, entities: [entity()] } }, shown: "A company that is sold to." },
  { name: "streams", node: <Catalogue />, path: "/streams", empty: { items: [] }, full: items([stream({ mapped: 0 })]), shown: /feeds no entity/ },
  { name: "a table of records", node: <EntityTable entity={entity()} search={{}} onSearch={ignore} />, path: "/entities/account", empty: { version, rows: [], total: 0, next: null }, full: { body: { version, rows: [record()], total: 1, next: null } }, shown: "1,200,000.5 USD" },
  { name: "the filters of a table", node: <EntityTable entity={entity()} search={{}} onSearch={ignore} />, path: "/entities/account/facets", full: { body: { version, total: 1, facets: [facet()] } }, shown: "Germany" },
  { name: "a record", node: <RecordPage entity={entity()} id={recordId("r-1")} cell={undefined} onCell={ignore} />, path: "/entities/account/r-1", full: { body: { version, redirected_from: null, record: record() } }, shown: "1,200,000.5 USD" },
  { name: "the story of a cell", node: <RecordPage entity={entity()} id={recordId("r-1")} cell="revenue" onCell={ignore} />, path: "/entities/account/r-1/provenance/revenue", full: { body: cell() }, shown: "expr: AnnualRevenue * 1000000" },
  { name: "a stream", node: <StreamPage id={streamId("s-1")} part="columns" onPart={ignore} />, path: "/streams/s-1", full: { body: streamDetail() }, shown: "Sector" },
  { name: "landed rows", node: <StreamPage id={streamId("s-1")} part="rows" onPart={ignore} />, path: "/streams/s-1/rows", empty: { rows: [], next: null }, full: { body: { rows: [{ landing: "l", part: "", sync: "y", seq: 1, row: 0, key: "A-1", op: "i", at: AT, values: { Id: "A-1", Sector: "energy" } }], next: null } }, shown: "energy" },
  { name: "fingerprints", node: <Fingerprints id={streamId("s-1")} />, path: "/streams/s-1/fingerprints", empty: { items: [] }, full: items([{ id: "f", sync_id: "y", shape: "9f2c", rows: 3, seq: 1, taken_at: AT, fields: [column("Id")] }]), shown: "The first look." },
  { name: "the inbox", node: <Suspense><Inbox search={{}} onSearch={ignore} /></Suspense>, path: "/proposals", empty: { items: [] }, full: items([proposal()]), shown: "Sector is another name of industry" },
  { name: "a proposal", node: <Suspense><Inbox search={{}} onSearch={ignore} /></Suspense>, path: "/proposals/p-1", full: { body: proposal() }, shown: "Sector is another name of industry" },
  { name: "what needs you", node: <Dashboard />, path: "/proposals", full: items([proposal()]), shown: "account.industry is Sector?" },
  { name: "the flow", node: <Dashboard />, path: "/connections", empty: { items: [] }, full: items([connection()]), shown: "In the last sync of each connection:" },
];

// What stands beside the panel in question answers as always.
const beside = (one: Case): Answers => ({
  ...ALL,
  "/connections/c-1": { body: { ...connection(), detail: [] } },
  "/connections/c-1/syncs": items([sync()]),
  "/entities/account": { body: { version, rows: [record()], total: 1, next: null } },
  "/entities/account/facets": { body: { version, total: 1, facets: [] } },
  "/entities/account/r-1": { body: { version, redirected_from: null, record: record() } },
  "/entities/account/r-1/provenance/name": { body: cell({ field: "name" }) },
  "/entities/account/r-1/provenance/account_id": { body: cell({ field: "account_id" }) },
  "/entities/account/r-1/provenance/currency": { body: cell({ field: "currency" }) },
  "/entities/account/r-1/provenance/revenue": { body: cell() },
  [one.path]: one.full,
});
const state = (kind: string) => document.querySelector(`[data-state="${kind}"]`);

describe.each(CASES)("$name", (one) => {
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
