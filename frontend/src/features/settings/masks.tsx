// Which roles see personal data and money masked; an owner changes it, and sees everything.
import { useQueryClient } from "@tanstack/react-query";
import { Refused } from "@/components/form";
import { Card, States } from "@/components/panel";
import { named } from "@/lib/words";
import { api, type Schemas } from "@/lib/client";
import { can, useMe } from "@/lib/session";

const MASKABLE = ["admin", "engineer", "analyst", "viewer"];
const CALLED: Record<string, { name: string; about: string }> = {
  personal: { name: "Personal data", about: "What tells of one person: names, addresses, telephone numbers." },
  money: { name: "Money", about: "Amounts and what is made of them; a figure over them is masked with them." },
};

export function Masks() {
  const asked = api.useQuery("get", "/api/v1/masks");
  return (
    <States asked={asked} what="The masks" empty={{ shows: "Classes of fields.", because: "The ontology names none." }} isEmpty={(said) => said.items.length === 0}>
      {({ items }) => (
        <div className="space-y-4">
          {items.map((mask) => (
            <OneMask key={mask.kind} mask={mask} />
          ))}
          <p className="text-sm text-muted">An owner always sees everything: somebody must be able to say who else does. A persona chooses words and defaults and never what is seen.</p>
        </div>
      )}
    </States>
  );
}

function OneMask({ mask }: { mask: Schemas["MaskSeen"] }) {
  const me = useMe();
  const queries = useQueryClient();
  const may = can(me, "change:masks");
  const change = api.useMutation("put", "/api/v1/masks/{kind}", { onSuccess: () => queries.invalidateQueries() }); // what was read under the old masks goes with them
  const called = CALLED[mask.kind] ?? { name: named(mask.kind), about: "" };
  const turn = (role: string) => {
    const roles = mask.roles.includes(role) ? mask.roles.filter((one) => one !== role) : [...mask.roles, role];
    change.mutate({ params: { path: { kind: mask.kind } }, body: { roles } });
  };
  return (
    <Card title={called.name} aside={mask.by_default ? "as by default" : "as this tenant says"}>
      <div className="space-y-3 p-4">
        <p className="text-muted">{called.about}</p>
        <fieldset disabled={!may || change.isPending} className="space-y-1.5">
          <legend className="mb-1.5 text-sm font-semibold">Masked for</legend>
          <div className="flex flex-wrap gap-2">
            {MASKABLE.map((role) => (
              <label key={role} className={`inline-flex min-h-9 items-center gap-2 rounded-box border border-line px-3 text-sm font-semibold ${may ? "cursor-pointer hover:bg-sunken" : ""}`}>
                <input type="checkbox" className="size-4 accent-green" checked={mask.roles.includes(role)} onChange={() => turn(role)} />
                {role}
              </label>
            ))}
          </div>
        </fieldset>
        {!may && <p className="text-sm text-muted">An owner of this tenant can change it.</p>}
        <Refused error={change.error} what="The mask stands as it was." />
        <details className="text-sm">
          <summary className="cursor-pointer text-muted">
            {mask.fields.length} {mask.fields.length === 1 ? "field" : "fields"} of this class
          </summary>
          <p className="pt-2 font-mono text-xs break-words">{mask.fields.join(", ")}</p>
        </details>
      </div>
    </Card>
  );
}
