// Who is in the tenant, and what each may do; one of them in a drawer.
import { Link } from "@tanstack/react-router";
import { Drawer } from "@/components/drawer";
import { Listing } from "@/components/listing";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { Email } from "@/features/settings/email";
import { Member } from "@/features/settings/member";
import type { Shown } from "@/features/settings/sections";
import { ROLES } from "@/features/settings/words";
import { api, type Schemas } from "@/lib/client";
import { plural } from "@/lib/numbers";
import { can, useHere } from "@/lib/session";

type Seen = Schemas["MemberSeen"];

export function Members({ search, onSearch }: Shown) {
  const me = useHere();
  const asked = api.useQuery("get", "/api/v1/members");
  const open = asked.data?.items.find((one) => one.user_id === search.open);
  const parts = [
    {
      head: "Name",
      cell: (one: Seen) => (
        <>
          <Link to="/settings/$section" params={{ section: "members" }} search={{ open: one.user_id }} className="font-semibold text-blue hover:underline">
            {one.name}
          </Link>
          {one.user_id === me.user.id && <span className="ml-1.5 text-sm text-muted">you</span>}
          <span className="block text-sm text-muted"><Email text={one.email} /></span>
        </>
      ),
    },
    { head: "Role", cell: (one: Seen) => ROLES.find((role) => role.value === one.role)?.word ?? one.role },
    { head: "Persona", cell: (one: Seen) => one.persona ?? <span className="text-muted">none</span> },
    { head: "Joined", cell: (one: Seen) => <Moment at={one.joined_at} /> },
    { head: "State", cell: (one: Seen) => <Mark state={one.enabled ? "active" : "disabled"} /> },
  ];
  return (
    <>
      <Panel title="Members" asked={asked} what="The members" empty={{ shows: "Everybody who is in this tenant.", because: "Nobody is." }} isEmpty={(said) => said.items.length === 0} {...(asked.data ? { aside: plural(asked.data.items.length, "person", "people") } : {})}>
        {({ items }) => <Listing label="Members" rows={items} rowKey={(one) => one.user_id} parts={parts} />}
      </Panel>
      <Roles />
      {can(me, "create:invitations") ? (
        <p className="text-sm text-muted">
          Somebody is missing? <Link to="/settings/$section" params={{ section: "invitations" }} className="font-semibold text-blue underline">Invite them</Link>.
        </p>
      ) : (
        <p className="text-sm text-muted">An owner or an admin of {me.tenant.name} invites and changes members.</p>
      )}
      {open && (
        <Drawer title={open.name} about={open.email} open onClose={() => onSearch({})}>
          <Member key={open.user_id} member={open} onGone={() => onSearch({})} />
        </Drawer>
      )}
    </>
  );
}

const Roles = () => (
  <details className="text-sm">
    <summary className="cursor-pointer text-muted">What each role may</summary>
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 pt-2">
      {ROLES.map((role) => (
        <div key={role.value} className="contents">
          <dt className="font-semibold">{role.word}</dt>
          <dd className="text-muted">{role.may}</dd>
        </div>
      ))}
    </dl>
  </details>
);
