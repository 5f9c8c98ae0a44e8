// The report of an erasure, counted: how much went from where, and whether anything is left.
import { named } from "@/lib/words";

type Counted = number | { [name: string]: Counted };
const isCounted = (value: unknown): value is Counted => typeof value === "number" || (typeof value === "object" && value !== null);

function sum(value: unknown): number {
  if (typeof value === "number") return value;
  return isCounted(value) ? Object.values(value).reduce<number>((all, one) => all + sum(one), 0) : 0;
}

/** Store by store; a store from which nothing had to go is not worth a line. */
export function erased(report: Record<string, unknown>): { where: string; count: number }[] {
  const removed = isCounted(report.removed) && typeof report.removed === "object" ? report.removed : {};
  return Object.entries(removed)
    .map(([where, counted]) => ({ where: named(where), count: sum(counted) }))
    .filter((one) => one.count > 0);
}

export const kept = (report: Record<string, unknown>): number => sum(report.left);
