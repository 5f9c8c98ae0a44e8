// What is done with another member: keep them out, end their sessions, a new password, hand over, remove.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Confirm } from "@/components/confirm";
import { Secret } from "@/components/secret";
import { api, type Schemas } from "@/lib/client";
import { begun, useHere } from "@/lib/session";

export function MemberActs({ member, onGone }: { member: Schemas["MemberSeen"]; onGone: () => void }) {
  const me = useHere();
  const queries = useQueryClient();
  const [link, setLink] = useState<string | null>(null);
  const change = api.useMutation("patch", "/api/v1/members/{user_id}");
  const end = api.useMutation("delete", "/api/v1/members/{user_id}/sessions");
  const reset = api.useMutation("post", "/api/v1/members/{user_id}/password-reset");
  const transfer = api.useMutation("post", "/api/v1/members/{user_id}/transfer");
  const remove = api.useMutation("delete", "/api/v1/members/{user_id}");
  const params = { path: { user_id: member.user_id } };
  const again = () => queries.invalidateQueries({ queryKey: ["get", "/api/v1/members"] });
  const keepOut = async (disabled: boolean) => {
    await change.mutateAsync({ params, body: { disabled } });
    await again();
  };
  const letReset = async () => {
    const { token } = await reset.mutateAsync({ params });
    setLink(`${window.location.origin}/reset#${token}`);
  };
  const handOver = async () => {
    await transfer.mutateAsync({ params });
    begun(queries);
    window.location.assign("/"); // I am an admin now, and sign in again as one
  };
  const takeOut = async () => {
    await remove.mutateAsync({ params });
    onGone();
    await again();
  };
  const out = member.disabled_at !== null;
  return (
    <section aria-label="What can be done" className="space-y-3 border-t border-line pt-4">
      {link && <Secret label="Link for a new password" text={link} until={`Give it to ${member.name} yourself. It works once, within an hour.`} onDone={() => setLink(null)} />}
      <div className="flex flex-wrap gap-2">
        <Confirm title={`End ${member.name}'s sessions here?`} about={`They are signed out of ${me.tenant.name} and may sign in again.`} act="End the sessions" onConfirm={() => end.mutateAsync({ params })}>
          End sessions
        </Confirm>
        <Confirm title={`Let ${member.name} set a new password?`} about="You get a link to hand over. Their password stands until they use it." act="Make the link" onConfirm={letReset}>
          Reset the password
        </Confirm>
        {out ? (
          <Confirm title={`Let ${member.name} in again?`} about={`They may sign in to ${me.tenant.name} as ${member.role}.`} act="Let in" onConfirm={() => keepOut(false)}>
            Enable
          </Confirm>
        ) : (
          <Confirm title={`Keep ${member.name} out?`} about={`They are signed out at once and cannot enter ${me.tenant.name} until somebody lets them in again. Their API keys stop meanwhile.`} act="Keep out" onConfirm={() => keepOut(true)}>
            Disable
          </Confirm>
        )}
        {me.role === "owner" && !out && (
          <Confirm kind="danger" title={`Hand ${me.tenant.name} over to ${member.name}?`} about="They become an owner and you an admin, who cannot take it back. Both of you sign in again." act="Hand over" typed={me.tenant.slug} onConfirm={handOver}>
            Hand over
          </Confirm>
        )}
        <Confirm kind="danger" title={`Remove ${member.name}?`} about="They are signed out at once, their API keys here are revoked, and invitations that they sent and nobody followed are withdrawn. What they decided stays, under their name." act="Remove" onConfirm={takeOut}>
          Remove
        </Confirm>
      </div>
    </section>
  );
}
