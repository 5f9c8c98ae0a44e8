// How much a tenant uses, and how much its operator lets it use.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Field, INPUT, Refused } from "@/components/form";
import { States } from "@/components/panel";
import { limitOf, textOf } from "@/features/operator/limit";
import { api, type Schemas } from "@/lib/client";
import { amount, USES } from "@/lib/use";

export function Quotas({ id }: { id: string }) {
  const asked = api.useQuery("get", "/api/v1/operator/tenants/{tenant_id}/quotas", { params: { path: { tenant_id: id } } });
  return (
    <section aria-label="Quotas" className="space-y-3 border-t border-line pt-4">
      <h3 className="text-base">Quotas</h3>
      <States asked={asked} what="The quotas" empty={{ shows: "", because: "" }}>
        {({ items }) => items.map((use) => <Quota key={`${use.name} ${use.most ?? ""}`} id={id} use={use} />)}
      </States>
      <p className="text-sm text-muted">What would go beyond a limit is refused and says so; nothing that is there is taken away. An empty field is no limit.</p>
    </section>
  );
}

function Quota({ id, use }: { id: string; use: Schemas["UseSeen"] }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(textOf(use.name, use.most));
  const change = api.useMutation("put", "/api/v1/operator/tenants/{tenant_id}/quotas/{name}", { onSuccess: () => queries.invalidateQueries({ queryKey: ["get", "/api/v1/operator/tenants/{tenant_id}/quotas"] }) });
  const most = limitOf(use.name, draft);
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (most !== undefined) change.mutate({ params: { path: { tenant_id: id, name: use.name } }, body: { most } });
  };
  return (
    <form onSubmit={send} className="space-y-1">
      <div className="flex items-end gap-2">
        <Field label={`${USES[use.name].name}, at most`} hint={`${amount(use.name, use.used)} used${use.resets_at ? " this month" : ""}`} className="min-w-0 flex-1">
          <input className={`${INPUT} tabular-nums`} inputMode="decimal" placeholder="no limit" aria-invalid={most === undefined} value={draft} onChange={(event) => setDraft(event.target.value)} />
        </Field>
        <Button type="submit" aria-label={`Save: ${USES[use.name].name}`} className="mb-6 min-h-9" disabled={change.isPending || most === undefined || most === use.most}>
          Save
        </Button>
      </div>
      {most === undefined && <p className="text-sm text-amber">That is no number.</p>}
      <Refused error={change.error} what="The limit stands as it was." />
    </form>
  );
}
