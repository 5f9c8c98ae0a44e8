// The way of the rows from the sources to the unified views, as five figures and two balances.
import { mappingTotal, readingTotal, type Balance } from "@/lib/balance";
import type { Schemas } from "@/lib/client";
import { lastSyncs } from "@/features/dashboard/sentence";
import { plural } from "@/lib/numbers";

export interface Station {
  name: string;
  figure: number;
  about: string;
}

export interface FlowTold {
  connections: Schemas["ConnectionSeen"][];
  streams: Schemas["StreamSeen"][];
  mappings: Schemas["MappingSeen"][];
  entities: Schemas["EntitySeen"][];
  syncs: Schemas["SyncSeen"][];
}

export function stations(told: FlowTold): Station[] {
  const mapped = told.mappings.filter((one) => one.mapping_id !== null);
  const rows = (all: (number | null)[]) => all.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  return [
    { name: "Sources", figure: told.connections.length, about: plural(told.streams.length, "stream") },
    { name: "Landed", figure: rows(told.streams.map((one) => one.rows)), about: "rows, as they were sent" },
    { name: "Mapped", figure: new Set(mapped.map((one) => one.stream_id)).size, about: `of ${plural(told.streams.length, "stream")}, by ${plural(mapped.length, "mapping")}` },
    { name: "Canonical", figure: rows(mapped.map((one) => one.balance.canonical)), about: "events about entities" },
    { name: "Unified", figure: rows(told.entities.map((one) => one.rows)), about: "records, one per thing" },
  ];
}

export const balances = (told: FlowTold): { reading: Balance; made: Balance } => ({
  reading: readingTotal(lastSyncs(told.syncs).flatMap((sync) => sync.streams)),
  made: mappingTotal(told.mappings.map((one) => one.balance)),
});
