// Inviting somebody by a link that is shown once, and who was invited.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Confirm } from "@/components/confirm";
import { Field, INPUT, Refused, Select } from "@/components/form";
import { Listing } from "@/components/listing";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Card, Panel } from "@/components/panel";
import { Secret } from "@/components/secret";
import { Email } from "@/features/settings/email";
import { ROLES, roleSaid, rolesUpTo } from "@/features/settings/words";
import { api, type Schemas } from "@/lib/client";
import { can, useHere } from "@/lib/session";

type Seen = Schemas["InvitationSeen"];
const LIST = ["get", "/api/v1/invitations"];
const DAYS = ["1", "7", "30"].map((value) => ({ value, word: value === "1" ? "1 day" : `${value} days` }));

export function Invitations() {
  const me = useHere();
  const queries = useQueryClient();
  const asked = api.useQuery("get", "/api/v1/invitations");
  const withdraw = api.useMutation("delete", "/api/v1/invitations/{invitation_id}", { onSuccess: () => queries.invalidateQueries({ queryKey: LIST }) });
  const parts = [
    {
      head: "E-mail",
      cell: (one: Seen) => (
        <>
          <span className="font-semibold"><Email text={one.email} /></span>
          <span className="block text-sm text-muted">invited by <Email text={one.invited_by} /></span>
        </>
      ),
    },
    { head: "Role", cell: (one: Seen) => ROLES.find((role) => role.value === one.role)?.word ?? one.role },
    { head: "When", cell: (one: Seen) => <Moment at={one.created_at} /> },
    { head: "Ends", cell: (one: Seen) => <Moment at={one.expires_at} /> },
    { head: "State", cell: (one: Seen) => <Mark state={one.state} {...(one.state === "open" ? { word: "not answered" } : {})} /> },
    {
      head: "Withdraw",
      kind: "actions" as const,
      cell: (one: Seen) =>
        one.state === "open" && can(me, "delete:invitations") ? (
          <Confirm label={`Withdraw the invitation of ${one.email}`} title={`Withdraw the invitation of ${one.email}?`} about="Its link opens nothing any more. You can invite them again." act="Withdraw" onConfirm={() => withdraw.mutateAsync({ params: { path: { invitation_id: one.id } } })}>
            Withdraw
          </Confirm>
        ) : null,
    },
  ];
  return (
    <div className="space-y-4">
      {can(me, "create:invitations") && <Invite />}
      <Panel title="Invitations" asked={asked} what="The invitations" empty={{ shows: "Everybody who was invited, and whether they came.", because: "Nobody was invited yet. The form above makes a link." }} isEmpty={(said) => said.items.length === 0}>
        {({ items }) => <Listing label="Invitations" rows={items} rowKey={(one) => one.id} parts={parts} />}
      </Panel>
    </div>
  );
}

function Invite() {
  const me = useHere();
  const queries = useQueryClient();
  const [draft, setDraft] = useState({ email: "", role: "viewer" as Seen["role"], days: "7" });
  const [made, setMade] = useState<{ email: string; link: string } | null>(null);
  const invite = api.useMutation("post", "/api/v1/invitations", {
    onSuccess: (said) => {
      setMade({ email: said.invitation.email, link: window.location.origin + said.link });
      setDraft({ ...draft, email: "" });
      return queries.invalidateQueries({ queryKey: LIST });
    },
  });
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    invite.mutate({ body: { email: draft.email, role: draft.role, days: Number(draft.days) } });
  };
  return (
    <Card title="Invite somebody">
      {made && <Secret label="Invitation link" text={made.link} until={`Send it to ${made.email} yourself: whoever holds it may join. Nothing is sent from here.`} onDone={() => setMade(null)} />}
      <form onSubmit={send} className="space-y-3 p-4">
        <div className="grid gap-3 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)]">
          <Field label="E-mail">
            <input className={INPUT} type="email" required maxLength={320} autoComplete="off" value={draft.email} onChange={(event) => setDraft({ ...draft, email: event.target.value })} />
          </Field>
          <Select label="Role" value={draft.role} options={rolesUpTo(me.role)} onChoose={(role) => setDraft({ ...draft, role })} />
          <Select label="The link works for" value={draft.days} options={DAYS} onChoose={(days) => setDraft({ ...draft, days })} />
        </div>
        <p className="text-sm text-muted">{roleSaid(draft.role)}</p>
        <Refused error={invite.error} what="Nobody was invited." />
        <Button type="submit" kind="primary" disabled={invite.isPending}>
          {invite.isPending ? "Inviting …" : "Invite"}
        </Button>
      </form>
    </Card>
  );
}
