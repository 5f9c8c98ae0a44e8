// The settings: which sections there are for this person, and the one that the address names.
import { Link } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { ComponentType } from "react";
import { Empty, NotAllowed } from "@/components/states";
import { Access } from "@/features/settings/access";
import { Audit } from "@/features/settings/audit";
import { Flags } from "@/features/settings/flags";
import { Invitations } from "@/features/settings/invitations";
import { Keys } from "@/features/settings/keys";
import { Masks } from "@/features/settings/masks";
import { Members } from "@/features/settings/members";
import { Profile } from "@/features/settings/profile";
import { grouped, missed, sectionNamed, sectionsOf, type SectionKey, type Shown } from "@/features/settings/sections";
import { Sessions } from "@/features/settings/sessions";
import { Tenant } from "@/features/settings/tenant";
import { Usage } from "@/features/settings/usage";
import { useNarrow } from "@/lib/screen";
import { isHere, useMe } from "@/lib/session";

const SHOWN: Record<SectionKey, ComponentType<Shown>> = {
  profile: Profile, sessions: Sessions, tenant: Tenant, members: Members, invitations: Invitations, access: Access, keys: Keys, masks: Masks, flags: Flags, usage: Usage, audit: Audit,
};

export function Settings({ section, ...shown }: Shown & { section: string | undefined }) {
  const narrow = useNarrow();
  if (narrow && section === undefined) return <Sections chosen={undefined} />;
  return (
    <div className="gap-8 md:grid md:grid-cols-[12rem_minmax(0,1fr)] lg:grid-cols-[13rem_minmax(0,1fr)]">
      {narrow ? (
        <Link to="/settings" className="mb-3 inline-flex min-h-8 items-center gap-1 text-sm font-semibold text-blue">
          <ChevronLeft size={16} aria-hidden /> All settings
        </Link>
      ) : (
        <Sections chosen={section ?? "profile"} />
      )}
      <One name={section ?? "profile"} {...shown} />
    </div>
  );
}

function Sections({ chosen }: { chosen: string | undefined }) {
  const me = useMe();
  const without = missed(me);
  return (
    <nav aria-label="Settings" className="space-y-4 md:sticky md:top-20 md:self-start">
      {grouped(sectionsOf(me)).map((group) => (
        <div key={group.name} className="space-y-0.5">
          <h2 className="px-3 text-xs text-muted">{group.name}</h2>
          <ul>
            {group.sections.map((one) => (
              <li key={one.key}>
                <Link
                  to="/settings/$section"
                  params={{ section: one.key }}
                  aria-current={one.key === chosen ? "page" : undefined}
                  className={`flex min-h-10 items-center justify-between rounded-box px-3 md:min-h-8 ${one.key === chosen ? "bg-sunken font-bold text-green" : "font-semibold text-text hover:bg-sunken"}`}
                >
                  {one.name}
                  <ChevronRight size={16} aria-hidden className="text-muted md:hidden" />
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
      {without && <p className="px-3 text-sm text-muted" data-missed>{without}</p>}
    </nav>
  );
}

/** A section that somebody may not read is asked for all the same: the server says who can grant it. */
function One({ name, ...shown }: Shown & { name: string }) {
  const me = useMe();
  const found = sectionNamed(name);
  if (!found) return <Empty shows="There is no such section." because="The address may be mistyped. Choose one of those that are listed." />;
  const Section = SHOWN[found.key];
  return (
    <div key={found.key} className="min-w-0 space-y-4">
      <header>
        <h2 className="text-xl">{found.name}</h2>
        <p className="max-w-prose text-muted">{found.line}</p>
      </header>
      {found.needs === null || isHere(me) ? <Section {...shown} /> : <NotAllowed trouble={{ what: "You are in no tenant.", fix: "An owner of one may invite you, or grant you access for a time." }} />}
    </div>
  );
}
