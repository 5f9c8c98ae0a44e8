// One tenant as its operator has it: suspend, resume, and a first owner's link once more.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Confirm } from "@/components/confirm";
import { Facts } from "@/components/fields";
import { Field, INPUT, Refused } from "@/components/form";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Secret } from "@/components/secret";
import { Quotas } from "@/features/operator/quotas";
import { api, type Schemas } from "@/lib/client";
import { count } from "@/lib/numbers";
import { can, useMe } from "@/lib/session";

const LIST = ["get", "/api/v1/operator/tenants"];

export function OneTenant({ tenant, onErased }: { tenant: Schemas["TenantHeader"]; onErased: (signed: Schemas["ErasureSigned"]) => void }) {
  const queries = useQueryClient();
  const suspend = api.useMutation("post", "/api/v1/operator/tenants/{tenant_id}/suspend");
  const resume = api.useMutation("post", "/api/v1/operator/tenants/{tenant_id}/resume");
  const erase = api.useMutation("post", "/api/v1/operator/erasures", { retry: false });
  const mayErase = can(useMe(), "erase:tenants");
  const params = { path: { tenant_id: tenant.id } };
  const turn = async (act: typeof suspend | typeof resume) => {
    await act.mutateAsync({ params });
    await queries.invalidateQueries({ queryKey: LIST });
  };
  const takeAway = async () => {
    onErased(await erase.mutateAsync({ body: { slug: tenant.slug } }));
    await queries.invalidateQueries({ queryKey: LIST });
  };
  if (tenant.state === "erased") return <p className="p-4 text-muted">It was erased; only its name is kept, so that it is not given again.</p>;
  return (
    <div className="space-y-5 p-4">
      <Facts facts={[{ name: "State", value: <Mark state={tenant.state} /> }, { name: "Members", value: count(tenant.members) }, { name: "Made", value: <Moment at={tenant.created_at} /> }, ...(tenant.suspended_at ? [{ name: "Suspended", value: <Moment at={tenant.suspended_at} /> }] : [])]} />
      {tenant.members === 0 && <FirstOwner tenant={tenant} />}
      <Quotas id={tenant.id} />
      <section aria-label="What can be done" className="flex flex-wrap gap-2 border-t border-line pt-4">
        {tenant.state === "suspended" ? (
          <Confirm title={`Resume ${tenant.name}?`} about="Its people may sign in again, its API keys and its schedule work again." act="Resume" onConfirm={() => turn(resume)}>
            Resume
          </Confirm>
        ) : (
          <Confirm kind="danger" title={`Suspend ${tenant.name}?`} about="Everybody in it is signed out, its API keys and its schedule stop. Nothing of its data is touched; you can resume it." act="Suspend" typed={tenant.slug} onConfirm={() => turn(suspend)}>
            Suspend
          </Confirm>
        )}
        {mayErase && (
          <Confirm kind="danger" title={`Erase ${tenant.name} for ever?`} about="Everything of it goes from every store. Nobody can bring it back, and its short name is never given again. You get a signed report." act={`Erase ${tenant.name}`} typed={tenant.slug} onConfirm={takeAway}>
            Erase
          </Confirm>
        )}
      </section>
    </div>
  );
}

/** While nobody is in it: the link may have been lost, or have ended. */
function FirstOwner({ tenant }: { tenant: Schemas["TenantHeader"] }) {
  const [email, setEmail] = useState("");
  const [link, setLink] = useState<string | null>(null);
  const invite = api.useMutation("post", "/api/v1/operator/tenants/{tenant_id}/invitation", { onSuccess: (said) => setLink(window.location.origin + said.link) });
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    invite.mutate({ params: { path: { tenant_id: tenant.id } }, body: { owner_email: email } });
  };
  return (
    <section aria-label="First owner" className="space-y-3">
      <p>Nobody is in it yet. A new link ends the one before.</p>
      {link && <Secret label="Link for its first owner" text={link} until="It works once, within 7 days." onDone={() => setLink(null)} />}
      <form onSubmit={send} className="space-y-3">
        <Field label="E-mail of its first owner">
          <input className={INPUT} type="email" required maxLength={320} autoComplete="off" value={email} onChange={(event) => setEmail(event.target.value)} />
        </Field>
        <Refused error={invite.error} what="Nobody was invited." />
        <Button type="submit" disabled={invite.isPending}>{invite.isPending ? "Inviting …" : "Make a new link"}</Button>
      </form>
    </section>
  );
}
