// What can be done with a connection as it stands now, for those who may.
import { useQueryClient } from "@tanstack/react-query";
import { Pause, Pencil, Play, RefreshCw, Square } from "lucide-react";
import { Button } from "@/components/button";
import { Confirm } from "@/components/confirm";
import { api, type Schemas } from "@/lib/client";
import { can, WHO_DECIDES } from "@/lib/session";
import { troubleOf } from "@/lib/trouble";

interface ActsProps {
  me: Schemas["Me"];
  connection: Schemas["ConnectionDetail"];
  onEdit: () => void;
  onSecret: () => void;
}

export function Acts({ me, connection, onEdit, onSecret }: ActsProps) {
  const queries = useQueryClient();
  const path = { params: { path: { connection_id: connection.id } } };
  const again = () => queries.invalidateQueries();
  const sync = api.useMutation("post", "/api/v1/connections/{connection_id}/sync", { onSuccess: again });
  const cancel = api.useMutation("post", "/api/v1/connections/{connection_id}/cancel", { onSuccess: again });
  const pause = api.useMutation("post", "/api/v1/connections/{connection_id}/pause", { onSuccess: again });
  const resume = api.useMutation("post", "/api/v1/connections/{connection_id}/resume", { onSuccess: again });
  const run = can(me, "run:connections");
  const change = can(me, "change:connections");
  if (!run && !change) return <p className="text-sm text-muted">You see it all and change nothing. {WHO_DECIDES}</p>;
  const trouble = [sync.error, cancel.error, pause.error, resume.error].find(Boolean);
  return (
    <div className="space-y-2">
      <div className="flex flex-wrap gap-2">
        {run && connection.state === "active" && !connection.syncing && (
          <Button kind="primary" disabled={sync.isPending} onClick={() => sync.mutate(path)}>
            <RefreshCw size={14} aria-hidden /> {sync.isPending ? "Asking …" : "Sync now"}
          </Button>
        )}
        {run && connection.syncing && (
          <Confirm title={`Cancel the sync of ${connection.name}?`} about="It stops after what it is writing now. What had landed stays; the next sync goes on from there." act="Cancel the sync" onConfirm={() => cancel.mutateAsync(path)}>
            <Square size={14} aria-hidden /> Cancel the sync
          </Confirm>
        )}
        {change && connection.state === "active" && (
          <Button disabled={pause.isPending} onClick={() => pause.mutate(path)}>
            <Pause size={14} aria-hidden /> Pause
          </Button>
        )}
        {change && connection.state === "paused" && (
          <Button kind="primary" disabled={resume.isPending} onClick={() => resume.mutate(path)}>
            <Play size={14} aria-hidden /> Resume
          </Button>
        )}
        {change && (connection.has_secret || connection.state === "unauthorised") && (
          <Button kind={connection.state === "unauthorised" ? "primary" : "plain"} onClick={onSecret}>
            Re-authorise
          </Button>
        )}
        {change && (
          <Button onClick={onEdit}>
            <Pencil size={14} aria-hidden /> Edit
          </Button>
        )}
      </div>
      <p role="status" className="text-sm text-muted empty:hidden">
        {trouble ? `${troubleOf(trouble).what} ${troubleOf(trouble).fix}` : sync.isSuccess && !connection.syncing ? "Asked for: the sync starts within moments." : cancel.isSuccess && connection.syncing ? "Asked for: it stops after what it is writing now." : ""}
      </p>
    </div>
  );
}
