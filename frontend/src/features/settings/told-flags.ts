// A flag in words: what it is called, and whose word it is.
import type { Schemas } from "@/lib/client";
import { named } from "@/lib/words";

/** `SCHEDULED_REFRESH` → `Scheduled refresh`. */
export const flagName = (name: string): string => named(name.toLowerCase());

export function saidBy({ said_by, default: stands }: Pick<Schemas["FlagSeen"], "said_by" | "default">): string {
  if (said_by === "tenant") return `this tenant's own word; elsewhere it is ${stands ? "on" : "off"}`;
  return said_by === "installation" ? "as the installation has it" : "by default";
}
