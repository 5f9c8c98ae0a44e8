// Who I am here: my name, what I look at first, and my password.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Facts } from "@/components/fields";
import { Field, INPUT, Refused, Select } from "@/components/form";
import { Card } from "@/components/panel";
import { PASSWORD_HINT, PERSONAS } from "@/features/settings/words";
import { api } from "@/lib/client";
import { useMe } from "@/lib/session";

type Persona = (typeof PERSONAS)[number]["value"];

export function Profile() {
  const me = useMe();
  return (
    <div className="space-y-4">
      <Card title="You">
        <You key={`${me.user.name} ${me.tenant?.persona ?? ""}`} />
      </Card>
      <Card title="Password">
        <Password />
      </Card>
    </div>
  );
}

function You() {
  const me = useMe();
  const queries = useQueryClient();
  const stands = { name: me.user.name, persona: me.tenant?.persona ?? ("none" as Persona) };
  const [draft, setDraft] = useState(stands);
  const change = api.useMutation("put", "/api/v1/me", { onSuccess: () => queries.invalidateQueries() });
  const ofATenant = me.tenant !== null && !me.by_grant;
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    const named = draft.name === stands.name ? {} : { name: draft.name };
    change.mutate({ body: { ...named, ...(draft.persona === stands.persona ? {} : { persona: draft.persona }) } });
  };
  return (
    <form onSubmit={send} className="space-y-4 p-4">
      <Facts facts={[{ name: "E-mail", value: me.user.email }, { name: "Role", value: me.tenant ? `${me.role ?? ""} of ${me.tenant.name}` : "operator of this installation" }]} />
      <Field label="Name" className="max-w-md">
        <input className={INPUT} required maxLength={200} autoComplete="name" value={draft.name} onChange={(event) => setDraft({ ...draft, name: event.target.value })} />
      </Field>
      {ofATenant && (
        <Select label="Persona" hint="Chooses what you see first and which words are used. It never gives you access to anything." className="max-w-md" value={draft.persona} options={[...PERSONAS]} onChoose={(persona) => setDraft({ ...draft, persona })} />
      )}
      <Refused error={change.error} what="Nothing was changed." />
      <Button type="submit" kind="primary" disabled={change.isPending || draft.name.trim() === "" || JSON.stringify(draft) === JSON.stringify(stands)}>
        {change.isPending ? "Saving …" : "Save"}
      </Button>
    </form>
  );
}

function Password() {
  const queries = useQueryClient();
  const [draft, setDraft] = useState({ current: "", new: "" });
  const change = api.useMutation("put", "/api/v1/me/password", {
    onSuccess: () => {
      setDraft({ current: "", new: "" });
      return queries.invalidateQueries();
    },
  });
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    change.mutate({ body: draft });
  };
  return (
    <form onSubmit={send} className="max-w-md space-y-4 p-4">
      <Field label="Current password">
        <input className={INPUT} type="password" autoComplete="current-password" required value={draft.current} onChange={(event) => setDraft({ ...draft, current: event.target.value })} />
      </Field>
      <Field label="New password" hint={PASSWORD_HINT}>
        <input className={INPUT} type="password" autoComplete="new-password" required value={draft.new} onChange={(event) => setDraft({ ...draft, new: event.target.value })} />
      </Field>
      <Refused error={change.error} what="The password stands as it was." />
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" kind="primary" disabled={change.isPending}>
          {change.isPending ? "Changing …" : "Change the password"}
        </Button>
        <p role="status" className="text-sm text-muted">
          {change.isSuccess ? "The password is changed. Your other sessions have ended." : "Your other sessions end."}
        </p>
      </div>
    </form>
  );
}
