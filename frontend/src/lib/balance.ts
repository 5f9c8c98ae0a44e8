// The two balances as parts that add up, and what they say in words.
import type { Schemas } from "@/lib/client";
import { count } from "@/lib/numbers";

export interface Part {
  name: string;
  rows: number;
  tone: "green" | "blue" | "amber" | "red" | "purple" | "muted";
  means: string;
}

export interface Balance {
  whole: string;
  rows: number;
  parts: Part[];
  balanced: boolean;
}

type Reading = Pick<Schemas["ReadingBalance"], "read" | "landed" | "unchanged" | "rejected" | "balanced">;
type Made = Pick<Schemas["MappingBalance"], "landed" | "canonical" | "quarantined" | "held" | "unmapped" | "duplicate" | "balanced">;

export function readingBalance(said: Reading): Balance {
  return {
    whole: "read",
    rows: said.read,
    balanced: said.balanced,
    parts: [
      { name: "landed", rows: said.landed, tone: "green", means: "new or changed, and kept" },
      { name: "unchanged", rows: said.unchanged, tone: "muted", means: "equal to what had landed before" },
      { name: "rejected", rows: said.rejected, tone: "red", means: "could not be parsed" },
    ],
  };
}

export function mappingBalance(said: Made): Balance {
  return {
    whole: "landed",
    rows: said.landed,
    balanced: said.balanced,
    parts: [
      { name: "canonical", rows: said.canonical, tone: "green", means: "became an event of the entity" },
      { name: "quarantined", rows: said.quarantined, tone: "red", means: "kept apart with the value and the reason" },
      { name: "held", rows: said.held, tone: "amber", means: "wait for a decision" },
      { name: "unmapped", rows: said.unmapped, tone: "muted", means: "do not concern this mapping" },
      { name: "duplicate", rows: said.duplicate, tone: "blue", means: "the same row twice in one reading" },
    ],
  };
}

const sum = <One>(all: One[], of: (one: One) => number) => all.reduce((total, one) => total + of(one), 0);

export function readingTotal(all: Reading[]): Balance {
  return readingBalance({
    read: sum(all, (one) => one.read),
    landed: sum(all, (one) => one.landed),
    unchanged: sum(all, (one) => one.unchanged),
    rejected: sum(all, (one) => one.rejected),
    balanced: all.every((one) => one.balanced),
  });
}

export function mappingTotal(all: Made[]): Balance {
  return mappingBalance({
    landed: sum(all, (one) => one.landed),
    canonical: sum(all, (one) => one.canonical),
    quarantined: sum(all, (one) => one.quarantined),
    held: sum(all, (one) => one.held),
    unmapped: sum(all, (one) => one.unmapped),
    duplicate: sum(all, (one) => one.duplicate),
    balanced: all.every((one) => one.balanced),
  });
}

/** `8,928 read = 0 landed + 8,928 unchanged + 0 rejected` */
export function equation(balance: Balance): string {
  const parts = balance.parts.map((part) => `${count(part.rows)} ${part.name}`).join(" + ");
  return `${count(balance.rows)} ${balance.whole} ${balance.balanced ? "=" : "≠"} ${parts}`;
}
