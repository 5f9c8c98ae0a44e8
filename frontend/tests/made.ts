// Things as the API says them, to be changed where a test is about it.
import type { Schemas } from "@/lib/client";
import { AT, ID } from "./answers";

export const connection = (changed: Partial<Schemas["ConnectionSeen"]> = {}): Schemas["ConnectionSeen"] => ({
  id: "c-1", name: "crm", source: "files", state: "active", note: null, config: { folder: "/data/crm" }, has_secret: false, created_at: AT, streams: 1,
  last_sync: { id: "y-1", state: "succeeded", started_at: AT, ended_at: AT, error: null, read: 10, landed: 4, deleted: 0, balanced: true }, drift: null, next_sync_at: AT,
  fresh_minutes: null, lag_seconds: 240, fresh: true, probed: null, syncing: null, ...changed,
});

export const connectionDetail = (changed: Partial<Schemas["ConnectionDetail"]> = {}): Schemas["ConnectionDetail"] => ({ ...connection(), detail: [], ...changed });

export const streamOf = (changed: Partial<Schemas["ConnectionDetail"]["detail"][number]> = {}): Schemas["ConnectionDetail"]["detail"][number] => ({
  id: "s-1", name: "accounts", delete_mode: "exact", policy: {}, reading: null, mappings: [mapping()], selected: true, treated: {}, key: ["Id"], cursor_column: null, reset_at: null, may_vanish: null, vanishing: null, ...changed,
});

export const intent = (changed: Partial<Schemas["Intent"]> = {}): Schemas["Intent"] => ({
  id: "i-1", origin: "person", external_id: "c-1", name: "crm", source: "files", connection_id: "c-1", state: "reachable", stuck: { code: "fix_the_source", what: "It may write.", fix: "Give a user who may only read.", masked: false },
  eligible: true, attempts: 2, changed_at: AT, found: { account: "reader@crm", writable: true, said: "", problems: [] }, ...changed,
});

export const onboarding = (items: Schemas["Intent"][] = [intent()]): Schemas["OnboardingSeen"] => ({
  funnel: [{ state: "received", reached: 1, stuck: 0 }, { state: "reachable", reached: 1, stuck: 1 }], eligible: items.length, active: 0, share: 0, promise: 0.9, items,
});

export const source = (changed: Partial<Schemas["SourceSeen"]> = {}): Schemas["SourceSeen"] => ({
  name: "postgres", title: "Postgres", about: "Tables and views of a Postgres database.", allowed: true,
  config: { type: "object", required: ["host"], properties: { host: { type: "string", title: "Host" } } }, secret: { type: "object", required: ["password"], properties: { password: { type: "string", title: "Password" } } }, ...changed,
});

export const reading = (changed: Partial<Schemas["ReadingBalance"]> = {}): Schemas["ReadingBalance"] => ({
  stream_id: "s-1", stream: "accounts", read: 10, landed: 4, unchanged: 6, rejected: 0, deleted: 0, rejects: [], error: null, balanced: true, state: "done", bytes: 0, seconds: 0, said: {}, changed: [], ...changed,
});

export const sync = (changed: Partial<Schemas["SyncSeen"]> = {}): Schemas["SyncSeen"] => ({
  id: "y-1", connection_id: "c-1", connection: "crm", state: "succeeded", started_at: AT, ended_at: AT, error: null, run_id: null, streams: [reading()], balanced: true, external: null, said: {}, ...changed,
});

export const mapping = (balance: Partial<Schemas["MappingBalance"]> = {}, changed: Partial<Schemas["MappingSeen"]> = {}): Schemas["MappingSeen"] => ({
  stream_id: "s-1", stream: "crm/accounts", mapping_id: "m-1", entity: "account", version: 3, state: "active", made_by: "auto", created_at: AT,
  balance: { landed: 4, canonical: 4, quarantined: 0, held: 0, unmapped: 0, duplicate: 0, deleted: 0, cell_issues: 0, waiting: 0, balanced: true, ...balance }, ...changed,
});

export const proposal = (changed: Partial<Schemas["ProposalDetail"]> = {}): Schemas["ProposalDetail"] => ({
  id: "p-1", kind: "mapping", stream_id: "s-1", stream: "crm/accounts", entity: "account", field: "industry", title: "account.industry is Sector?", change: { from: "Sector" },
  change_hash: "5d41", evidence: ["Sector is another name of industry"], effect: {}, confidence: 0.93, state: "open", seq: 12, created_at: AT, decided_at: null, masked: [], decisions: [], ...changed,
});

export const stream = (changed: Partial<Schemas["StreamSeen"]> = {}): Schemas["StreamSeen"] => ({
  id: "s-1", connection_id: "c-1", connection: "crm", name: "accounts", label: "crm/accounts", key: ["Id"], key_origin: "proven", cursor_column: null, delete_mode: "exact", policy: {},
  columns: 2, created_at: AT, rows: 10, landed_at: AT, mapped: 1, selected: true, ...changed,
});

export const column = (name: string, inferred = "text"): Schemas["ColumnSeen"] => ({ name, declared: "", inferred, nulls: 0.25, distinct: 3, top: ["energy", "retail"], description: "what it does", masked: false });

export const streamDetail = (changed: Partial<Schemas["StreamDetail"]> = {}): Schemas["StreamDetail"] => ({
  ...stream(), shape: "9f2c", taken_at: AT, columns: [column("Id"), column("Sector")], mappings: [mapping()], selected: true, treated: {}, reset_at: null, may_vanish: null, vanishing: null, ...changed,
});

export const field = (name: string, type = "text", changed: Partial<Schemas["FieldSeen"]> = {}): Schemas["FieldSeen"] => ({
  name, type, key: false, required: false, metric: false, target: null, members: [], unit: null, alias: [], about: "", holds: null, masked: false, ...changed,
});

export const entity = (changed: Partial<Schemas["EntitySeen"]> = {}): Schemas["EntitySeen"] => ({
  name: "account", plural: "accounts", about: "A company that is sold to.", alias: ["customer"], rows: 1,
  fields: [field("account_id", "id", { key: true }), field("name"), field("revenue", "money"), field("currency"), field("country"), field("phone")], ...changed,
});

export const version = { id: ID, published_at: AT, applied_seq: 412 };

export const record = (changed: Partial<Schemas["Record"]> = {}): Schemas["Record"] => ({
  id: "r-1", source_key: "A-1", values: { name: "Initech", revenue: "1200000.5", currency: "USD", phone: null }, references: {}, extras: { Fax: "555" }, stale: false, seq: 9, ...changed,
});

export const facet = (changed: Partial<Schemas["Facet"]> = {}): Schemas["Facet"] => ({
  field: "country", values: [{ value: "Germany", count: 3 }, { value: "Kenya", count: 1 }], others: 0, empty: 2, ...changed,
});

export const cell = (changed: Partial<Schemas["CellSeen"]> = {}): Schemas["CellSeen"] => ({
  version, entity: "account", id: "r-1", field: "revenue", value: "1200000.5", masked: [],
  source: {
    connection: { id: "c-1", name: "crm", source: "files" }, stream: { id: "s-1", name: "accounts" }, sync: { id: "y-1", state: "succeeded", started_at: AT, ended_at: AT },
    landing: ID, landed_at: AT, part: "accounts.csv", row: 0, key: "A-1", spelled: { AnnualRevenue: "1.2000005" }, values: { Id: "A-1", AnnualRevenue: "1.2000005" }, masked: [],
  },
  mapping: {
    id: "m-1", version: 3, made_by: "auto", created_at: AT, by: "ada@acme.example", entry: { expr: "AnnualRevenue * 1000000", by: "ada@acme.example" },
    decision: { id: "d-1", verdict: "approved", reason: null, decided_by: "ada@acme.example", decided_at: AT, seq: 13 },
  },
  ...changed,
});

export const run = (changed: Partial<Schemas["RunSeen"]> = {}): Schemas["RunSeen"] => ({
  id: "u-1", run: "d-1", stage: "events", subject: "account", state: "succeeded", started_at: AT, ended_at: AT,
  summary: { built: 1, balances: [{ stream: "crm/accounts", landed: 4, canonical: 4, quarantined: 0, held: 0, unmapped: 0, duplicate: 0 }] }, error: null, ...changed,
});

export const metric = (changed: Partial<Schemas["MetricSeen"]> = {}): Schemas["MetricSeen"] => ({
  name: "open_pipeline", label: "Open pipeline", entity: "account", unit: "money", currency: "USD", definition: "Sum of amounts that are open.", value: "1250000.5", rows: 42, masked: null, ...changed,
});
