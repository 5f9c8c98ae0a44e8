// Making a tenant, with a link for its first owner that is shown once.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Field, INPUT, Refused } from "@/components/form";
import { Card } from "@/components/panel";
import { Secret } from "@/components/secret";
import { api } from "@/lib/client";
import { slugOf } from "@/lib/slug";

const FRESH = { name: "", slug: null as string | null, owner_email: "" };

export function MakeTenant() {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(FRESH);
  const [made, setMade] = useState<{ name: string; owner: string; link: string } | null>(null);
  const slug = draft.slug ?? slugOf(draft.name); // follows the name until somebody says otherwise
  const make = api.useMutation("post", "/api/v1/operator/tenants", {
    onSuccess: (said, sent) => {
      setMade({ name: said.tenant.name, owner: sent.body.owner_email, link: window.location.origin + said.link });
      setDraft(FRESH);
      return queries.invalidateQueries({ queryKey: ["get", "/api/v1/operator/tenants"] });
    },
  });
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    make.mutate({ body: { slug, name: draft.name, owner_email: draft.owner_email } });
  };
  return (
    <Card title="Make a tenant">
      {made && <Secret label={`Link for the first owner of ${made.name}`} text={made.link} until={`Send it to ${made.owner} yourself. It works once, within 7 days.`} onDone={() => setMade(null)} />}
      <form onSubmit={send} className="space-y-3 p-4">
        <div className="grid gap-3 sm:grid-cols-3">
          <Field label="Name">
            <input className={INPUT} required maxLength={200} autoComplete="off" value={draft.name} onChange={(event) => setDraft({ ...draft, name: event.target.value })} />
          </Field>
          <Field label="In addresses and files">
            <input className={`${INPUT} font-mono`} required maxLength={40} autoComplete="off" spellCheck={false} value={slug} onChange={(event) => setDraft({ ...draft, slug: event.target.value })} />
          </Field>
          <Field label="E-mail of its first owner">
            <input className={INPUT} type="email" required maxLength={320} autoComplete="off" value={draft.owner_email} onChange={(event) => setDraft({ ...draft, owner_email: event.target.value })} />
          </Field>
        </div>
        <p className="text-sm text-muted">The short name is for ever: lower-case letters, digits and hyphens, beginning with a letter.</p>
        <Refused error={make.error} what="No tenant was made." />
        <Button type="submit" kind="primary" disabled={make.isPending}>
          {make.isPending ? "Making …" : "Make a tenant"}
        </Button>
      </form>
    </Card>
  );
}
