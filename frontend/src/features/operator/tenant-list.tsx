// The tenants of the installation.
import { Link } from "@tanstack/react-router";
import { Listing } from "@/components/listing";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { api, type Schemas } from "@/lib/client";
import { count, plural } from "@/lib/numbers";

type Seen = Schemas["TenantHeader"];

const PARTS = [
  {
    head: "Tenant",
    cell: (one: Seen) => (
      <>
        <Link to="/operator" search={{ tenant: one.slug }} className="font-semibold text-blue hover:underline">
          {one.name}
        </Link>
        <code className="block text-sm text-muted">{one.slug}</code>
      </>
    ),
  },
  { head: "State", cell: (one: Seen) => <Mark state={one.state} /> },
  { head: "Members", kind: "number" as const, cell: (one: Seen) => count(one.members) },
  { head: "Made", cell: (one: Seen) => <Moment at={one.created_at} /> },
];

/** Of an erased one nothing is left that could be looked at. */
const living = (all: Seen[]) => all.filter((one) => one.state !== "erased");

export function TenantList() {
  const asked = api.useQuery("get", "/api/v1/operator/tenants");
  return (
    <Panel title="Tenants" asked={asked} what="The tenants" empty={{ shows: "A row for each tenant.", because: "There is none yet. The form above makes one." }} isEmpty={(said) => said.items.length === 0} {...(asked.data ? { aside: plural(living(asked.data.items).length, "tenant") } : {})}>
      {({ items }) => (
        <>
          <Listing label="Tenants" rows={living(items)} rowKey={(one) => one.slug} parts={PARTS} />
          {living(items).length < items.length && <p className="border-t border-line px-4 py-2 text-sm text-muted">{plural(items.length - living(items).length, "tenant")} erased, whose names are not given again.</p>}
        </>
      )}
    </Panel>
  );
}
