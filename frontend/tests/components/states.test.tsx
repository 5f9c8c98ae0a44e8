// Every panel in every state: loading, empty, error with its trace, not allowed, and full.
import { Suspense } from "react";
import { Inbox } from "@/features/approvals/inbox";
import { Adding } from "@/features/connections/adding";
import { ConnectionDetail, type ConnectionSearch } from "@/features/connections/connection-detail";
import { ConnectionList } from "@/features/connections/connection-list";
import { Connections } from "@/features/connections/connections";
import { Dashboard } from "@/features/dashboard/dashboard";
import { Figures } from "@/features/dashboard/figure-cards";
import { RecentRuns } from "@/features/dashboard/recent-runs";
import { Catalogue } from "@/features/data/catalogue";
import { EntityTable } from "@/features/data/entity-table";
import { RecordPage } from "@/features/data/record-page";
import { Discover } from "@/features/discover/discover";
import { RunList } from "@/features/runs/run-list";
import { Fingerprints } from "@/features/streams/fingerprints";
import { StreamPage } from "@/features/streams/stream-page";
import { connectionId, recordId, streamId } from "@/lib/ids";
import { AT, me, type Answers } from "../answers";
import { everyState, type Case } from "../every-state";
import { cell, column, connection, connectionDetail, entity, facet, mapping, metric, onboarding, proposal, reading, record, run, source, stream, streamDetail, streamOf, sync, version } from "../made";

const ignore = () => undefined;
const connected = (search: ConnectionSearch) => <Suspense><ConnectionDetail id={connectionId("c-1")} search={search} onSearch={ignore} /></Suspense>;
const items = (all: unknown[]) => ({ body: { items: all } });
const MAY = ["ask:runs", "decide:proposals", "create:connections", "change:connections", "run:connections", "change:streams", "export:streams"];
const ALL: Answers = { "/me": { body: me("engineer", ["Acme"], MAY) }, "/connections": items([connection()]), "/streams": items([stream()]), "/mappings": items([mapping()]), "/mappings/m-1": { body: { ...mapping(), document: { key: "Id", fields: {} }, seq: 1 } }, "/syncs": items([sync()]), "/proposals": items([proposal()]), "/proposals/p-1": { body: proposal() }, "/entities": { body: { version, entities: [entity()] } }, "/metrics": { body: { version, metrics: [metric()] } }, "/runs": items([run()]), "/streams/s-1": { body: streamDetail() } };

const CASES: Case[] = [
  { name: "figures", node: <Figures />, path: "/metrics", empty: { version: null, metrics: [] }, full: { body: { version, metrics: [metric()] } }, shown: "1,250,000.5" },
  { name: "recent runs", node: <RecentRuns />, path: "/runs", empty: { items: [] }, full: items([run()]), shown: "1 step" },
  { name: "runs", node: <Suspense><RunList search={{}} onSearch={ignore} /></Suspense>, path: "/runs", empty: { items: [], next: null }, full: items([run({ state: "failed", error: { what: "The folder is gone." } })]), shown: "The folder is gone." },
  { name: "one step of a run", node: <Suspense><RunList search={{ run: "u-1" }} onSearch={ignore} /></Suspense>, path: "/runs/u-1", full: { body: run() }, shown: "In Dagster" },
  { name: "connections", node: <Suspense><ConnectionList /></Suspense>, path: "/connections", empty: { items: [] }, full: items([connection({ note: "demo data" })]), shown: "demo data" },
  { name: "one connection", node: connected({}), path: "/connections/c-1", full: { body: connectionDetail({ note: "demo data", detail: [streamOf()] }) }, shown: "demo data" },
  { name: "what the last syncs moved", node: connected({}), path: "/connections/c-1/selection", empty: { syncs: [], streams: [], left_out: [] }, full: { body: { syncs: [sync()], streams: [{ stream: "accounts", why: "fills account: name", fields: [] }], left_out: [] } }, shown: "fills account: name" },
  { name: "syncs of a connection", node: connected({ part: "syncs" }), path: "/connections/c-1/syncs", empty: { items: [] }, full: items([sync({ state: "failed", error: { what: "No such file." } })]), shown: /No such file/ },
  { name: "schema changes", node: connected({ part: "schema" }), path: "/connections/c-1/syncs", empty: { items: [sync()] }, full: items([sync({ streams: [reading({ changed: ["Sector is new"] })] })]), shown: "Sector is new" },
  { name: "files of a connection", node: connected({ part: "files" }), path: "/connections/c-1/files", empty: { items: [] }, full: items([{ name: "accounts.csv", bytes: 12_400_000, uploaded_at: AT }]), shown: "12.4 MB" },
  { name: "how a stream is read", node: connected({ part: "streams", stream: "s-1" }), path: "/streams/s-1", full: { body: streamDetail({ vanishing: { rows: 312, of: 1000 } }) }, shown: "312 of 1,000 rows of accounts vanished from the source." },
  { name: "the form of a connection", node: connected({ open: "edit" }), path: "/sources", full: items([source({ name: "files" })]), shown: "Host" },
  { name: "syncs of all", node: <Suspense><Connections show="syncs" onShow={ignore} /></Suspense>, path: "/syncs", empty: { items: [] }, full: items([sync({ connection_id: null, external: "airbyte", streams: [] })]), shown: "from Airbyte" },
  { name: "sources", node: <Suspense><Adding source={undefined} onSource={ignore} /></Suspense>, path: "/sources", empty: { items: [] }, full: items([source({ allowed: false })]), shown: /Not allowed here/ },
  { name: "syncs of a stream", node: <Suspense><StreamPage id={streamId("s-1")} part="syncs" onPart={ignore} /></Suspense>, path: "/streams/s-1/syncs", empty: { items: [] }, full: items([sync({ streams: [reading({ state: "held" })] })]), shown: "Deletions wait for a word." },
  { name: "streams and fields", node: <Discover search={{}} onSearch={ignore} />, path: "/discover", empty: { items: [], total: 0 }, full: { body: { items: [{ stream_id: "s-1", connection: "crm", stream: "accounts", label: "crm/accounts", field: "Sector", type: "enum", description: "what it does", nulls: 0, distinct: 3, top: [], masked: true, mapped_to: ["account.industry"] }], total: 1 } }, shown: "Account: Industry" },
  { name: "the onboarding", node: <Discover search={{ show: "onboarding" }} onSearch={ignore} />, path: "/onboarding", empty: { ...onboarding([]) }, full: { body: onboarding() }, shown: "0 of 1 eligible are active: 0 %, below the promise of 90 %." },
  { name: "entities", node: <Catalogue />, path: "/entities", empty: { version: null, entities: [] }, full: { body: { version, entities: [entity()] } }, shown: "A company that is sold to." },
  { name: "streams", node: <Catalogue />, path: "/streams", empty: { items: [] }, full: items([stream({ mapped: 0 })]), shown: /feeds no entity/ },
  { name: "a table of records", node: <EntityTable entity={entity()} search={{}} onSearch={ignore} />, path: "/entities/account", empty: { version, rows: [], total: 0, next: null, masked: [] }, full: { body: { version, rows: [record()], total: 1, next: null, masked: [] } }, shown: "1,200,000.5 USD" },
  { name: "the filters of a table", node: <EntityTable entity={entity()} search={{}} onSearch={ignore} />, path: "/entities/account/facets", full: { body: { version, total: 1, facets: [facet()], masked: [] } }, shown: "Germany" },
  { name: "a record", node: <RecordPage entity={entity()} id={recordId("r-1")} cell={undefined} onCell={ignore} />, path: "/entities/account/r-1", full: { body: { version, redirected_from: null, record: record(), masked: [] } }, shown: "1,200,000.5 USD" },
  { name: "the story of a cell", node: <RecordPage entity={entity()} id={recordId("r-1")} cell="revenue" onCell={ignore} />, path: "/entities/account/r-1/provenance/revenue", full: { body: cell() }, shown: "expr: AnnualRevenue * 1000000" },
  { name: "a stream", node: <Suspense><StreamPage id={streamId("s-1")} part="columns" onPart={ignore} /></Suspense>, path: "/streams/s-1", full: { body: streamDetail() }, shown: "Sector" },
  { name: "landed rows", node: <Suspense><StreamPage id={streamId("s-1")} part="rows" onPart={ignore} /></Suspense>, path: "/streams/s-1/rows", empty: { rows: [], next: null, masked: [], key_masked: false }, full: { body: { rows: [{ landing: "l", part: "", sync: "y", seq: 1, row: 0, key: "A-1", op: "i", at: AT, values: { Id: "A-1", Sector: "energy" } }], next: null, masked: [], key_masked: false } }, shown: "energy" },
  { name: "fingerprints", node: <Fingerprints id={streamId("s-1")} />, path: "/streams/s-1/fingerprints", empty: { items: [] }, full: items([{ id: "f", sync_id: "y", shape: "9f2c", rows: 3, seq: 1, taken_at: AT, fields: [column("Id")] }]), shown: "The first look." },
  { name: "the inbox", node: <Suspense><Inbox search={{}} onSearch={ignore} /></Suspense>, path: "/proposals", empty: { items: [] }, full: items([proposal()]), shown: "Sector is another name of industry" },
  { name: "a proposal", node: <Suspense><Inbox search={{}} onSearch={ignore} /></Suspense>, path: "/proposals/p-1", full: { body: proposal() }, shown: "Sector is another name of industry" },
  { name: "what needs you", node: <Dashboard />, path: "/proposals", full: items([proposal()]), shown: "account.industry is Sector?" },
  { name: "the flow", node: <Dashboard />, path: "/connections", empty: { items: [] }, full: items([connection()]), shown: "In the last sync of each connection:" },
];

// What stands beside the panel in question answers as always.
const beside = (one: Case): Answers => ({
  ...ALL,
  "/connections/c-1": { body: connectionDetail({ detail: [streamOf()] }) },
  "/connections/c-1/selection": { body: { syncs: [sync()], streams: [], left_out: [] } },
  "/onboarding": { body: onboarding() },
  "/sources": items([source(), source({ name: "files" })]),
  "/connections/c-1/syncs": items([sync()]),
  "/entities/account": { body: { version, rows: [record()], total: 1, next: null, masked: [] } },
  "/entities/account/facets": { body: { version, total: 1, facets: [], masked: [] } },
  "/entities/account/r-1": { body: { version, redirected_from: null, record: record(), masked: [] } },
  "/entities/account/r-1/provenance/name": { body: cell({ field: "name" }) },
  "/entities/account/r-1/provenance/account_id": { body: cell({ field: "account_id" }) },
  "/entities/account/r-1/provenance/currency": { body: cell({ field: "currency" }) },
  "/entities/account/r-1/provenance/revenue": { body: cell() },
  [one.path]: one.full,
});

everyState(CASES, beside);
