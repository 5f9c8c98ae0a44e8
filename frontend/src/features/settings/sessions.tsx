// Where I am signed in: end one, end the others, end all.
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "@/components/button";
import { Confirm } from "@/components/confirm";
import { Refused } from "@/components/form";
import { Listing } from "@/components/listing";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { device } from "@/features/settings/words";
import { api, type Schemas } from "@/lib/client";
import { plural } from "@/lib/numbers";
import { ended } from "@/lib/session";

type Session = Schemas["SessionSeen"];

export function Sessions() {
  const queries = useQueryClient();
  const asked = api.useQuery("get", "/api/v1/me/sessions", {}, { refetchInterval: 30_000 });
  const end = api.useMutation("delete", "/api/v1/me/sessions/{session_id}", { onSuccess: () => queries.invalidateQueries({ queryKey: ["get", "/api/v1/me/sessions"] }) });
  const rest = api.useMutation("delete", "/api/v1/me/sessions");
  const others = async () => {
    await rest.mutateAsync({});
    await queries.invalidateQueries({ queryKey: ["get", "/api/v1/me/sessions"] });
  };
  const all = async () => {
    await rest.mutateAsync({ params: { query: { this_too: true } } });
    ended(queries);
    window.location.assign("/sign-in"); // nothing of the session may stay
  };
  const parts = [
    { head: "Where", cell: (one: Session) => <span className="flex flex-wrap items-baseline gap-x-2 font-semibold" title={one.agent}>{device(one.agent) || "Unknown"} {one.current && <Mark state="here" />}</span> },
    { head: "Tenant", cell: (one: Session) => one.tenant_name ?? <span className="text-muted">none</span> },
    { head: "Address", cell: (one: Session) => <code className="text-sm">{one.address}</code> },
    { head: "Signed in", cell: (one: Session) => <Moment at={one.started_at} /> },
    { head: "Last used", cell: (one: Session) => <Moment at={one.seen_at} /> },
    { head: "Ends", cell: (one: Session) => <Moment at={one.expires_at} /> },
    {
      head: "End",
      kind: "actions" as const,
      cell: (one: Session) =>
        one.current ? null : (
          <Button aria-label={`End ${device(one.agent)}`} disabled={end.isPending} onClick={() => end.mutate({ params: { path: { session_id: one.id } } })}>
            End
          </Button>
        ),
    },
  ];
  return (
    <div className="space-y-4">
      <Panel title="In force" asked={asked} what="Your sessions" empty={{ shows: "Where you are signed in.", because: "There is none." }} {...(asked.data ? { aside: plural(asked.data.items.length, "session") } : {})}>
        {({ items }) => (
          <>
            <Listing label="Sessions" rows={items} rowKey={(one) => one.id} parts={parts} />
            <div className="space-y-3 border-t border-line p-4">
              <Refused error={end.error} what="The session was not ended." />
              <div className="flex flex-wrap gap-2">
                <Confirm title="End your other sessions?" about="Wherever else you are signed in, in every tenant, you are asked for your password again. This window stays." act="End the others" disabled={items.length < 2} onConfirm={others}>
                  End all others
                </Confirm>
                <Confirm kind="danger" title="End all your sessions?" about="You are signed out everywhere, here too." act="End all" onConfirm={all}>
                  End all, this one too
                </Confirm>
              </div>
            </div>
          </>
        )}
      </Panel>
      <p className="text-sm text-muted">An ended session stops at once here, and within seconds in every other process of this installation. API keys go on: they are ended under API keys.</p>
    </div>
  );
}
