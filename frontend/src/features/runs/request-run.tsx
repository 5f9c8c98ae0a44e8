// Asking for a refresh, for those who may.
import { useQueryClient } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { Button } from "@/components/button";
import { api } from "@/lib/client";
import { can, useMe, WHO_DECIDES } from "@/lib/session";
import { troubleOf } from "@/lib/trouble";

export function RequestRun() {
  const me = useMe();
  const queries = useQueryClient();
  const ask = api.useMutation("post", "/api/v1/runs", { onSuccess: () => queries.invalidateQueries({ queryKey: ["get", "/api/v1/runs"] }) });
  if (!can(me, "ask:runs")) return <p className="text-sm text-muted">You see what ran. {WHO_DECIDES}</p>;
  return (
    <div className="flex flex-wrap items-center gap-3">
      <p role="status" className="text-sm text-muted">
        {ask.isSuccess && "Asked for: the run starts within moments."}
        {ask.error && `${troubleOf(ask.error).what} ${troubleOf(ask.error).fix}`}
      </p>
      <Button kind="primary" disabled={ask.isPending} onClick={() => ask.mutate({ body: { reason: "Asked for in the app" } })}>
        <RefreshCw size={14} aria-hidden /> Refresh
      </Button>
    </div>
  );
}
