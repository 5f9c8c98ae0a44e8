// Deletions that are held: too many rows vanished at once, and a person says whether that is meant.
import { useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { Button } from "@/components/button";
import { Confirm } from "@/components/confirm";
import { Refused } from "@/components/form";
import { api, type Schemas } from "@/lib/client";
import { count, percent } from "@/lib/numbers";
import { can, useMe, WHO_DECIDES } from "@/lib/session";

export function VanishingList({ connection }: { connection: Schemas["ConnectionDetail"] }) {
  return connection.detail.map((one) => <VanishingOf key={one.id} stream={one} />);
}

/** The question while it is open; and what was answered, until the next sync acts on it. */
export function VanishingOf({ stream }: { stream: { id: string; name: string; vanishing?: Schemas["Vanishing"] | null; may_vanish?: number | null } }) {
  if (stream.vanishing) return <Vanishing stream={stream} vanishing={stream.vanishing} />;
  if (stream.may_vanish == null) return null;
  return (
    <p role="status" className="text-sm text-muted">
      {stream.may_vanish > 0 ? `Up to ${count(stream.may_vanish)} rows of ${stream.name} may be deleted by its next sync.` : `Rows of ${stream.name} are kept; its next sync looks again.`}
    </p>
  );
}

function Vanishing({ stream, vanishing }: { stream: { id: string; name: string }; vanishing: Schemas["Vanishing"] }) {
  const me = useMe();
  const queries = useQueryClient();
  const say = api.useMutation("post", "/api/v1/streams/{stream_id}/vanishing", { onSuccess: () => queries.invalidateQueries() });
  const params = { path: { stream_id: stream.id } };
  const { rows, of } = vanishing;
  return (
    <section aria-label={`Deletions of ${stream.name}`} className="flex gap-3 rounded-card border border-amber bg-surface p-4" data-vanishing={stream.name}>
      <TriangleAlert size={20} aria-hidden className="mt-0.5 shrink-0 text-amber" />
      <div className="min-w-0 space-y-2">
        <p className="font-semibold">
          {count(rows)} of {count(of)} rows of {stream.name} vanished from the source.
        </p>
        <p className="text-sm text-muted">That is {of > 0 ? percent(rows / of) : "all"} at once, so nothing was deleted here: it may be an export that was cut short. Allow it if it is meant; keep the rows if it is not, and the next sync looks again.</p>
        <Refused error={say.error} what="Nothing was changed." />
        {can(me, "change:streams") ? (
          <div className="flex flex-wrap gap-2">
            <Confirm kind="danger" title={`Let ${count(rows)} rows of ${stream.name} be deleted?`} about="The next sync may delete up to so many. Their history stays; figures no longer count them." act="Allow" onConfirm={() => say.mutateAsync({ params, body: { allow: rows } })}>
              Allow {count(rows)} deletions
            </Confirm>
            <Button disabled={say.isPending} onClick={() => say.mutate({ params, body: { allow: 0 } })}>
              Keep the rows
            </Button>
          </div>
        ) : (
          <p className="text-sm text-muted">{WHO_DECIDES}</p>
        )}
      </div>
    </section>
  );
}
