// What is switched on for this tenant, whose word that is, and turning it.
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "@/components/button";
import { Refused } from "@/components/form";
import { Mark } from "@/components/mark";
import { Panel } from "@/components/panel";
import { flagName, saidBy } from "@/features/settings/told-flags";
import { api, type Schemas } from "@/lib/client";
import { can, useHere } from "@/lib/session";

export function Flags() {
  const me = useHere();
  const asked = api.useQuery("get", "/api/v1/flags", {}, { refetchInterval: 30_000 });
  return (
    <div className="space-y-4">
      <Panel title="Flags" asked={asked} what="The flags" empty={{ shows: "What can be switched on and off.", because: "Nothing can be switched yet." }} isEmpty={(said) => said.items.length === 0}>
        {({ items }) => (
          <ul className="divide-y divide-line">
            {items.map((flag) => (
              <Flag key={flag.name} flag={flag} />
            ))}
          </ul>
        )}
      </Panel>
      <p className="text-sm text-muted">
        {can(me, "change:flags") ? "Every process of this installation knows a change within a second, and it stands in the audit log." : `An owner or an admin of ${me.tenant.name} can turn them.`}
      </p>
    </div>
  );
}

function Flag({ flag }: { flag: Schemas["FlagSeen"] }) {
  const me = useHere();
  const queries = useQueryClient();
  const again = { onSuccess: () => queries.invalidateQueries() }; // what a flag changes is shown on other pages
  const turn = api.useMutation("put", "/api/v1/flags/{name}", again);
  const reset = api.useMutation("delete", "/api/v1/flags/{name}", again);
  const params = { path: { name: flag.name } };
  const busy = turn.isPending || reset.isPending;
  return (
    <li data-flag={flag.name} className="space-y-2 px-4 py-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="flex flex-wrap items-baseline gap-x-3">
            <span className="font-semibold">{flagName(flag.name)}</span> <Mark state={flag.enabled ? "on" : "off"} /> <span className="text-sm text-muted">{saidBy(flag)}</span>
          </p>
          <p className="text-muted">{flag.meaning}</p>
        </div>
        {can(me, "change:flags") && (
          <div className="flex flex-wrap gap-2">
            {flag.said_by === "tenant" && (
              <Button kind="quiet" aria-label={`As the installation has it: ${flagName(flag.name)}`} disabled={busy} onClick={() => reset.mutate({ params })}>
                As the installation has it
              </Button>
            )}
            <Button aria-label={`Turn ${flag.enabled ? "off" : "on"}: ${flagName(flag.name)}`} disabled={busy} onClick={() => turn.mutate({ params, body: { enabled: !flag.enabled } })}>
              Turn {flag.enabled ? "off" : "on"}
            </Button>
          </div>
        )}
      </div>
      <Refused error={turn.error ?? reset.error} what="The flag stands as it was." />
    </li>
  );
}
