// API keys: which there are, and revoking them.
import { useQueryClient } from "@tanstack/react-query";
import { Confirm } from "@/components/confirm";
import { Listing } from "@/components/listing";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { Email } from "@/features/settings/email";
import { MakeKey } from "@/features/settings/key-form";
import { spoken } from "@/features/settings/scopes";
import { api, type Schemas } from "@/lib/client";
import { can, useHere } from "@/lib/session";

type Seen = Schemas["KeySeen"];

export function Keys() {
  const me = useHere();
  const queries = useQueryClient();
  const asked = api.useQuery("get", "/api/v1/keys", {}, { refetchInterval: 60_000 });
  const revoke = api.useMutation("delete", "/api/v1/keys/{key_id}", { onSuccess: () => queries.invalidateQueries({ queryKey: ["get", "/api/v1/keys"] }) });
  const parts = [
    {
      head: "Key",
      cell: (one: Seen) => (
        <>
          <span className="font-semibold break-words">{one.name}</span>
          <span className="block text-sm text-muted">
            <code>{one.prefix}…</code> by {one.made_by_email ? <Email text={one.made_by_email} /> : "somebody who left"}
          </span>
        </>
      ),
    },
    { head: "May", cell: (one: Seen) => <span title={one.scopes.join(", ")}>{one.scopes.map(spoken).join(", ")}</span> },
    { head: "Last used", cell: (one: Seen) => <Moment at={one.used_at} /> },
    { head: "Ends", cell: (one: Seen) => <Moment at={one.expires_at} /> },
    { head: "State", cell: (one: Seen) => <Mark state={one.state === "in force" ? "active" : one.state} word={one.state} /> },
    {
      head: "Revoke",
      kind: "actions" as const,
      cell: (one: Seen) =>
        one.state !== "revoked" && one.state !== "expired" && can(me, "delete:keys") ? (
          <Confirm label={`Revoke ${one.name}`} title={`Revoke ${one.name}?`} about="Programs that use it are refused at once here, and within seconds in every other process. It cannot be taken back: make another key instead." act="Revoke" typed={one.name} onConfirm={() => revoke.mutateAsync({ params: { path: { key_id: one.id } } })}>
            Revoke
          </Confirm>
        ) : null,
    },
  ];
  return (
    <div className="space-y-4">
      {can(me, "create:keys") && <MakeKey />}
      <Panel title="API keys" asked={asked} what="The API keys" empty={{ shows: "A row for each key: what it may do, when it was used, when it ends.", because: "No program has a key yet. The form above makes one." }} isEmpty={(said) => said.items.length === 0} aside={me.role === "engineer" ? "those that you made" : undefined}>
        {({ items }) => <Listing label="API keys" rows={items} rowKey={(one) => one.id} parts={parts} />}
      </Panel>
    </div>
  );
}
