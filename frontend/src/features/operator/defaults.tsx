// How flags stand wherever a tenant has no word of its own.
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "@/components/button";
import { Refused } from "@/components/form";
import { Mark } from "@/components/mark";
import { Panel } from "@/components/panel";
import { api, type Schemas } from "@/lib/client";
import { can, useMe } from "@/lib/session";
import { named } from "@/lib/words";

export function Defaults() {
  const asked = api.useQuery("get", "/api/v1/operator/flags");
  return (
    <Panel title="Flags, where a tenant says nothing" asked={asked} what="The flags" empty={{ shows: "What can be switched.", because: "Nothing can be switched yet." }} isEmpty={(said) => said.items.length === 0}>
      {({ items }) => (
        <ul className="divide-y divide-line">
          {items.map((flag) => (
            <Default key={flag.name} flag={flag} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Default({ flag }: { flag: Schemas["DefaultSeen"] }) {
  const may = can(useMe(), "change:tenants");
  const queries = useQueryClient();
  const change = api.useMutation("put", "/api/v1/operator/flags/{name}", { onSuccess: () => queries.invalidateQueries() });
  const say = (enabled: boolean | null) => change.mutate({ params: { path: { name: flag.name } }, body: { enabled } });
  const name = named(flag.name.toLowerCase());
  return (
    <li data-flag={flag.name} className="space-y-2 px-4 py-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="flex flex-wrap items-baseline gap-x-3">
            <span className="font-semibold">{name}</span> <Mark state={flag.enabled ? "on" : "off"} />
            <span className="text-sm text-muted">
              {flag.said_by === "installation" ? "by your word" : "by default"}
              {flag.everywhere_only && ", for the whole installation"}
            </span>
          </p>
          <p className="text-muted">{flag.meaning}</p>
        </div>
        {may && (
          <div className="flex flex-wrap gap-2">
            {flag.said_by === "installation" && (
              <Button kind="quiet" aria-label={`By default: ${name}`} disabled={change.isPending} onClick={() => say(null)}>
                By default
              </Button>
            )}
            <Button aria-label={`Turn ${flag.enabled ? "off" : "on"}: ${name}`} disabled={change.isPending} onClick={() => say(!flag.enabled)}>
              Turn {flag.enabled ? "off" : "on"}
            </Button>
          </div>
        )}
      </div>
      <Refused error={change.error} what="The flag stands as it was." />
    </li>
  );
}
