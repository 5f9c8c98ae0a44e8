// Whether the tenant's data as a whole is live: from its published version and what its connections say of themselves.
import { api } from "@/lib/client";
import { useNow } from "@/lib/clock";
import { asOf, isDemo, liveness, type Liveness } from "@/lib/freshness";
import { often } from "@/lib/news";

export function useLiveness(): Liveness {
  const now = useNow();
  const metrics = api.useQuery("get", "/api/v1/metrics", {}, { refetchInterval: often(30_000) });
  const connections = api.useQuery("get", "/api/v1/connections", {}, { refetchInterval: often(30_000) });
  if (metrics.isPending || connections.isPending) return { kind: "stale", word: "asking", reason: "The server has not answered yet." };
  return liveness({
    at: asOf(metrics.data?.version?.published_at ?? null, connections.data?.items ?? []),
    now,
    demo: connections.data?.items.some(isDemo) ?? false,
    reached: !metrics.error && !connections.error,
  });
}
