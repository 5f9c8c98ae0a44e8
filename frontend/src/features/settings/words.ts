// Words of people's things: roles, personas, what a browser calls itself.
import type { Schemas } from "@/lib/client";

type Role = Schemas["TenantSeen"]["role"];

export const ROLES: { value: Role; word: string; may: string }[] = [
  { value: "viewer", word: "Viewer", may: "sees what is there" },
  { value: "analyst", word: "Analyst", may: "sees and asks" },
  { value: "engineer", word: "Engineer", may: "decides proposals, asks for runs, makes API keys" },
  { value: "admin", word: "Admin", may: "also invites, changes members, settings and flags, and reads the audit log" },
  { value: "owner", word: "Owner", may: "may do everything, masks, exports and erases the tenant" },
];

/** Those that somebody may give to another: nobody above themself. */
export const rolesUpTo = (own: Role) => ROLES.slice(0, ROLES.findIndex((one) => one.value === own) + 1);

/** `A viewer sees what is there.` */
export const roleSaid = (role: Role): string => `${/^[aeo]/.test(role) ? "An" : "A"} ${role} ${ROLES.find((one) => one.value === role)?.may ?? ""}.`;

export const PERSONAS = [
  { value: "none", word: "None" },
  { value: "CTO", word: "CTO, technology and what it costs" },
  { value: "CRO", word: "CRO, sales" },
  { value: "COO", word: "COO, operations" },
  { value: "CFO", word: "CFO, money" },
] as const;

export const PASSWORD_HINT = "12 characters at least: a few words that only you would put together. No rules about digits or signs.";

const BROWSERS: [RegExp, string][] = [[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrom(e|ium)\//, "Chrome"], [/Safari\//, "Safari"]];
const SYSTEMS: [RegExp, string][] = [[/Windows/, "Windows"], [/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Mac OS X/, "macOS"], [/Linux/, "Linux"]];

/** `Firefox on Linux`; what calls itself otherwise is shown as it does, shortened. */
export function device(agent: string): string {
  const browser = BROWSERS.find(([told]) => told.test(agent))?.[1];
  const system = SYSTEMS.find(([told]) => told.test(agent))?.[1];
  if (browser) return system ? `${browser} on ${system}` : browser;
  return agent.split(" ")[0]?.slice(0, 60) ?? "";
}
