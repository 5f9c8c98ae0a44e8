// What the dashboard reads, put together: a part is there when all it rests on is.
import type { FlowTold } from "@/features/dashboard/flow";
import type { Told } from "@/features/dashboard/sentence";
import { api } from "@/lib/client";
import { often } from "@/lib/news";
import type { Asked } from "@/lib/panel";

interface Part<Data> extends Asked<Data> {
  refetch: () => void;
}

const OFTEN = { refetchInterval: often(30_000) };

export function useTold(): { told: Part<Told>; flow: Part<FlowTold> } {
  const connections = api.useQuery("get", "/api/v1/connections", {}, OFTEN);
  const proposals = api.useQuery("get", "/api/v1/proposals", { params: { query: { state: "open", limit: 100 } } }, OFTEN);
  const mappings = api.useQuery("get", "/api/v1/mappings", {}, OFTEN);
  const syncs = api.useQuery("get", "/api/v1/syncs", { params: { query: { limit: 100 } } }, OFTEN);
  const streams = api.useQuery("get", "/api/v1/streams", {}, OFTEN);
  const entities = api.useQuery("get", "/api/v1/entities", {}, OFTEN);
  const first = [connections, proposals, mappings, syncs];
  const second = [connections, streams, mappings, entities, syncs];
  return {
    told: {
      data: connections.data && proposals.data && mappings.data && syncs.data
        ? { connections: connections.data.items, proposals: proposals.data.items, mappings: mappings.data.items, syncs: syncs.data.items }
        : undefined,
      ...together(first),
    },
    flow: {
      data: connections.data && streams.data && mappings.data && entities.data && syncs.data
        ? { connections: connections.data.items, streams: streams.data.items, mappings: mappings.data.items, entities: entities.data.entities, syncs: syncs.data.items }
        : undefined,
      ...together(second),
    },
  };
}

function together(all: { error: unknown; isPending: boolean; refetch: () => unknown }[]) {
  return {
    error: all.find((one) => one.error)?.error ?? null,
    isPending: all.some((one) => one.isPending),
    refetch: () => {
      for (const one of all) if (one.error) one.refetch();
    },
  };
}
