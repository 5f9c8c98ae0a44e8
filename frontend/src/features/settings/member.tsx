// One member: what they are, and what may be changed of it by whom.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "@/components/button";
import { Facts } from "@/components/fields";
import { Refused, Select } from "@/components/form";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Leave } from "@/features/settings/leave";
import { MemberActs } from "@/features/settings/member-acts";
import { mayTouch } from "@/features/settings/touch";
import { PERSONAS, roleSaid, rolesUpTo } from "@/features/settings/words";
import { api, type Schemas } from "@/lib/client";
import { can, useHere } from "@/lib/session";

export function Member({ member, onGone }: { member: Schemas["MemberSeen"]; onGone: () => void }) {
  const me = useHere();
  const mine = member.user_id === me.user.id;
  const may = can(me, "change:members") && mayTouch(me.role, member.role);
  return (
    <div className="space-y-5 p-4">
      <Facts
        facts={[
          { name: "Role", value: roleSaid(member.role) },
          { name: "State", value: <Mark state={member.enabled ? "active" : "disabled"} /> },
          { name: "Joined", value: <Moment at={member.joined_at} /> },
          ...(member.disabled_at ? [{ name: "Disabled", value: <Moment at={member.disabled_at} /> }] : []),
        ]}
      />
      {may ? <Standing member={member} /> : <p className="text-sm text-muted">{can(me, "change:members") ? "Only an owner may change an owner." : `An owner or an admin of ${me.tenant.name} can change what somebody may.`}</p>}
      {may && !mine && <MemberActs member={member} onGone={onGone} />}
      {mine && <div className="border-t border-line pt-4"><Leave /></div>}
    </div>
  );
}

/** Role and persona, saved together. */
function Standing({ member }: { member: Schemas["MemberSeen"] }) {
  const me = useHere();
  const queries = useQueryClient();
  const stands = { role: member.role, persona: member.persona ?? ("none" as const) };
  const [draft, setDraft] = useState<{ role: typeof stands.role; persona: (typeof PERSONAS)[number]["value"] }>(stands);
  const change = api.useMutation("patch", "/api/v1/members/{user_id}", { onSuccess: () => queries.invalidateQueries() });
  const save = () =>
    change.mutate({
      params: { path: { user_id: member.user_id } },
      body: { ...(draft.role === member.role ? {} : { role: draft.role }), ...(draft.persona === stands.persona ? {} : { persona: draft.persona }) },
    });
  return (
    <section aria-label="What they are" className="space-y-4">
      <Select label="Role" hint={draft.role === member.role ? roleSaid(draft.role) : `${roleSaid(draft.role)} Their sessions in this tenant end: they sign in again.`} value={draft.role} options={rolesUpTo(me.role)} onChoose={(role) => setDraft({ ...draft, role })} />
      <Select label="Persona" hint="Defaults and words, never access." value={draft.persona} options={[...PERSONAS]} onChoose={(persona) => setDraft({ ...draft, persona })} />
      <Refused error={change.error} what="Nothing was changed." />
      <Button kind="primary" disabled={change.isPending || (draft.role === member.role && draft.persona === stands.persona)} onClick={save}>
        {change.isPending ? "Saving …" : "Save"}
      </Button>
    </section>
  );
}
