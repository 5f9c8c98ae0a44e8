// An entry of the audit log as a sentence: who did what to what, and what it says of itself.
import type { Schemas } from "@/lib/client";

type Entry = Schemas["EntrySeen"];

const WHOLE: Record<string, string> = {
  "start session": "signed in", "end session": "signed out", "change me": "changed their own name or persona", "change password": "changed their password", "reset password": "set a new password",
  "accept invitations": "joined by an invitation", "delete membership": "left", "change ownership": "handed the tenant over", "create grants": "let an operator look", "delete grants": "ended an operator's access",
  "change orchestrator": "acted in the orchestrator", "decide mappings": "stated a mapping", "ask runs": "asked for a run",
};
const DONE: Record<string, string> = {
  accept: "accepted", ask: "asked for", change: "changed", create: "made", decide: "decided", delete: "removed", end: "ended", erase: "erased", export: "exported", read: "looked at", reset: "reset",
  resume: "resumed", start: "began", suspend: "suspended",
};
const THING: Record<string, string> = {
  connections: "connections", entities: "entities", flags: "a flag", grants: "access", invitations: "an invitation", keys: "an API key", mappings: "a mapping", masks: "a mask", members: "a member",
  metrics: "figures", proposals: "a proposal", quotas: "a quota", runs: "runs", session: "a session", sessions: "sessions", settings: "the settings", tenant: "the tenant", tenants: "the tenant", tickets: "a ticket",
};
const WHO: Record<Entry["actor_kind"], string> = { person: "person", key: "API key", operator: "operator", process: "AutonomOS itself" };

export const who = (kind: Entry["actor_kind"]) => WHO[kind];
export const done = (verb: string) => DONE[verb] ?? verb;
export const thing = (noun: string) => THING[noun] ?? noun;

/** `changed a member`; words of one's own where the two together mean something else. */
export const act = ({ verb, noun }: Pick<Entry, "verb" | "noun">): string => WHOLE[`${verb} ${noun}`] ?? `${done(verb)} ${thing(noun)}`;

function plain(value: unknown): string {
  if (value === null || value === "") return "none";
  if (Array.isArray(value)) return value.length === 0 ? "nobody" : value.map(plain).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([name, one]) => `${name} ${plain(one)}`).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What the entry says of itself, pair by pair. */
export const details = (detail: Entry["detail"]): string => Object.entries(detail).map(([name, value]) => `${name.replaceAll("_", " ")} ${plain(value)}`).join("; ");

export const NOUNS = Object.keys(THING);
export const VERBS = Object.keys(DONE);
