// Making a tenant of one's own, where the operator lets anybody do so.
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Field, INPUT } from "@/components/form";
import { Skeleton } from "@/components/states";
import { passwordHint } from "@/features/session/hint";
import { Outside, OutsideForm } from "@/features/session/outside";
import { api } from "@/lib/client";
import { begun } from "@/lib/session";
import { slugOf } from "@/lib/slug";

const FRESH = { email: "", name: "", password: "", tenant_name: "", tenant: null as string | null };
const LOOK = `${INPUT} min-h-10`;

export function SignUp({ onDone }: { onDone: () => void }) {
  const queries = useQueryClient();
  const offered = api.useQuery("get", "/api/v1/auth/options");
  const [draft, setDraft] = useState(FRESH);
  const tenant = draft.tenant ?? slugOf(draft.tenant_name);
  const make = api.useMutation("post", "/api/v1/auth/sign-up", {
    onSuccess: () => {
      begun(queries);
      onDone();
    },
  });
  const set = (changed: Partial<typeof FRESH>) => setDraft({ ...draft, ...changed });
  const foot = <p>You have an account? <Link to="/sign-in" className="font-semibold text-blue underline">Sign in</Link>.</p>;
  if (offered.isPending) return <Outside title="Sign up" line="A tenant of your own." foot={foot}><Skeleton rows={5} /></Outside>;
  if (offered.data?.sign_up === false) {
    return <Outside title="Sign up" line="Nobody signs up at this installation." foot={foot}><p>Ask its operator for a tenant, or an owner of one for an invitation.</p></Outside>;
  }
  return (
    <Outside title="Sign up" line="A tenant of your own, of which you are the owner." foot={foot}>
      <OutsideForm act="Make my tenant" doing="Making …" busy={make.isPending} error={make.error} what="No tenant was made." onSend={() => make.mutate({ body: { ...draft, tenant } })}>
        <Field label="Your name">
          <input className={LOOK} name="name" autoComplete="name" required maxLength={200} value={draft.name} onChange={(event) => set({ name: event.target.value })} />
        </Field>
        <Field label="E-mail">
          <input className={LOOK} type="email" name="email" autoComplete="username" required maxLength={320} value={draft.email} onChange={(event) => set({ email: event.target.value })} />
        </Field>
        <Field label="Password" hint={passwordHint(offered.data)}>
          <input className={LOOK} type="password" name="password" autoComplete="new-password" required value={draft.password} onChange={(event) => set({ password: event.target.value })} />
        </Field>
        <Field label="What your tenant is called">
          <input className={LOOK} name="organization" autoComplete="organization" required maxLength={200} value={draft.tenant_name} onChange={(event) => set({ tenant_name: event.target.value })} />
        </Field>
        <Field label="In addresses and files" hint="For ever: lower-case letters, digits and hyphens.">
          <input className={`${LOOK} font-mono`} autoComplete="off" spellCheck={false} required maxLength={40} value={tenant} onChange={(event) => set({ tenant: event.target.value })} />
        </Field>
      </OutsideForm>
    </Outside>
  );
}
