// The first sentence of the dashboard, and what stands behind it: pure, from what was read.
import type { Schemas } from "@/lib/client";
import { PROMISE } from "@/lib/freshness";
import { count, plural } from "@/lib/numbers";

export interface Told {
  connections: Schemas["ConnectionSeen"][];
  proposals: Schemas["ProposalSeen"][]; // open ones
  mappings: Schemas["MappingSeen"][];
  syncs: Schemas["SyncSeen"][]; // newest first
}

export interface Need {
  key: string;
  kind: "decide" | "sync" | "balance" | "quarantine" | "held";
  what: string;
  why: string;
  to: { page: "approvals"; proposal: string } | { page: "connection"; id: string } | { page: "stream"; id: string };
}

type Own = Schemas["SyncSeen"] & { connection_id: string };

/** The last sync of each connection; jobs of another server are none of ours. */
export const lastSyncs = (syncs: Schemas["SyncSeen"][]): Own[] =>
  syncs.filter((sync, at): sync is Own => sync.connection_id !== null && syncs.findIndex((one) => one.connection_id === sync.connection_id) === at);

export function needs(told: Told): Need[] {
  const out = told.connections
    .filter((one) => one.state === "unauthorised")
    .map((one): Need => ({ key: `out ${one.id}`, kind: "sync", what: `${one.name} needs re-authorising`, why: "The source does not let us in any more. What had landed stays, and it goes on where it stood.", to: { page: "connection", id: one.id } }));
  const failed = told.connections
    .filter((one) => one.state !== "unauthorised" && one.last_sync?.state === "failed")
    .map((one): Need => ({ key: `sync ${one.id}`, kind: "sync", what: `The last sync of ${one.name} failed`, why: one.last_sync?.error?.what ?? "It ended without saying why.", to: { page: "connection", id: one.id } }));
  const unbalanced = lastSyncs(told.syncs)
    .filter((sync) => sync.state === "succeeded" && !sync.balanced)
    .map((sync): Need => ({ key: `balance ${sync.id}`, kind: "balance", what: `${sync.connection} does not balance`, why: "Rows that were read are missing from what landed, was unchanged or was rejected.", to: { page: "connection", id: sync.connection_id } }));
  const rows = told.mappings.flatMap((one): Need[] => {
    const where = { page: "stream", id: one.stream_id } as const;
    const { balance } = one;
    const of = `${one.stream} to ${one.entity ?? "nothing"}`;
    return [
      ...(balance.balanced ? [] : [{ key: `made ${of}`, kind: "balance" as const, what: `${of} does not balance`, why: "Rows that landed are in no part of the balance.", to: where }]),
      ...(balance.held > 0 ? [{ key: `held ${of}`, kind: "held" as const, what: `${plural(balance.held, "row")} of ${of} wait`, why: "A required field is undecided; nothing is lost.", to: where }] : []),
      ...(balance.quarantined > 0 ? [{ key: `quarantine ${of}`, kind: "quarantine" as const, what: `${plural(balance.quarantined, "row")} of ${of} in quarantine`, why: "A value that figures rest on could not be read; the rows are kept with the reason.", to: where }] : []),
    ];
  });
  const waiting = told.proposals.map((one): Need => ({ key: one.id, kind: "decide", what: one.title, why: one.stream ?? "", to: { page: "approvals", proposal: one.id } }));
  return [...out, ...failed, ...unbalanced, ...rows, ...waiting];
}

export function sentence(told: Told, now: number): string {
  const all = told.connections.length;
  if (all === 0) return "Nothing is connected yet.";
  const active = told.connections.filter((one) => one.state === "active");
  const fresh = active.filter((one) => one.last_sync?.state === "succeeded" && now - Date.parse(one.last_sync.ended_at ?? one.last_sync.started_at) <= PROMISE).length;
  const sources =
    fresh === active.length && active.length === all
      ? all === 1 ? "The one source is fresh and" : all === 2 ? "Both sources are fresh and" : `All ${count(all)} sources are fresh and`
      : `${count(fresh)} of ${plural(all, "source")} ${all === 1 ? "is" : "are"} fresh and`;
  const sound = told.mappings.every((one) => one.balance.balanced) && lastSyncs(told.syncs).every((sync) => sync.balanced);
  const rows = sound ? "every row is accounted for." : "some rows are not accounted for.";
  const open = needs(told).length;
  const you = open === 0 ? "Nothing needs you." : open === 1 ? "1 thing needs you." : `${count(open)} things need you.`;
  return `${sources} ${rows} ${you}`;
}
