// The sections of the settings: what each is called, what it is for, and who has it.
import type { Schemas } from "@/lib/client";
import { can, isHere } from "@/lib/session";

type Me = Schemas["Me"];

export const SECTIONS = [
  { key: "profile", group: "You", name: "Profile", line: "What you are called here, and how you sign in.", needs: null },
  { key: "sessions", group: "You", name: "Sessions", line: "Where you are signed in. End what you do not recognise.", needs: null },
  { key: "tenant", group: "Tenant", name: "Tenant", line: "Its name, and what its figures are counted in.", needs: "read:settings" },
  { key: "members", group: "Tenant", name: "Members", line: "Who is in this tenant, and what each may do.", needs: "read:members" },
  { key: "invitations", group: "Tenant", name: "Invitations", line: "Who was asked to join, and has not answered yet.", needs: "read:invitations" },
  { key: "access", group: "Tenant", name: "Access for operators", line: "Who runs this installation sees none of your rows, unless you let them in for a time.", needs: "read:grants" },
  { key: "keys", group: "Tenant", name: "API keys", line: "How programs ask, each with its own rights and its own end.", needs: "read:keys" },
  { key: "masks", group: "Data", name: "Masks", line: "Which roles see that there is a value, and not which.", needs: "read:masks" },
  { key: "flags", group: "Data", name: "Flags", line: "What is switched on for this tenant.", needs: "read:flags" },
  { key: "usage", group: "Data", name: "Usage", line: "How much is used, and how much there may be.", needs: "read:usage" },
  { key: "audit", group: "Data", name: "Audit log", line: "Who changed what, when and from where. Nothing in it can be changed.", needs: "read:audit" },
] as const;

export type Section = (typeof SECTIONS)[number];
export type SectionKey = Section["key"];

/** Only what somebody may read; who is in no tenant has what is their own. */
export const sectionsOf = (me: Me): Section[] => SECTIONS.filter((one) => one.needs === null || (isHere(me) && can(me, one.needs)));

export const sectionNamed = (name: string | undefined): Section | undefined => SECTIONS.find((one) => one.key === name);

/** Group by group, in their order. */
export function grouped(sections: Section[]): { name: string; sections: Section[] }[] {
  const names = [...new Set(sections.map((one) => one.group))];
  return names.map((name) => ({ name, sections: sections.filter((one) => one.group === name) }));
}

/** What somebody misses here, and who could give it; empty for who misses nothing. */
export function missed(me: Me): string {
  if (!isHere(me)) return "";
  const names = SECTIONS.filter((one) => one.needs !== null && !can(me, one.needs)).map((one) => one.name.toLowerCase().replace("api", "API"));
  if (names.length === 0) return "";
  return `As ${me.role} you do not see ${listed(names)}. An owner or an admin of ${me.tenant.name} can give you a role that does.`;
}

const listed = (names: string[]) => (names.length === 1 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`);

/** What the address says beside the section: the thing that is open, and what is looked for. */
export interface SettingsSearch {
  open?: string | undefined;
  actor?: string | undefined;
  noun?: string | undefined;
  verb?: string | undefined;
}

export interface Shown {
  search: SettingsSearch;
  onSearch: (search: SettingsSearch) => void;
}
