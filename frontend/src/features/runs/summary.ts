// What a run's summary counts, read as balances and figures; and the next step after a failure.
import { mappingBalance, readingBalance, type Balance } from "@/lib/balance";
import type { Schemas } from "@/lib/client";

type Summary = Schemas["RunSeen"]["summary"];
type Counts = Record<string, unknown>;

const isCounts = (value: unknown): value is Counts => typeof value === "object" && value !== null && !Array.isArray(value);
const rows = (said: Counts, name: string) => (typeof said[name] === "number" ? said[name] : 0);
const nameOf = (said: Counts) => (typeof said.stream === "string" ? said.stream : "stream");

export function balancesOf(summary: Summary): { name: string; balance: Balance }[] {
  const made = Array.isArray(summary.balances) ? summary.balances.filter(isCounts) : [];
  const read = Array.isArray(summary.streams) ? summary.streams.filter(isCounts).filter((one) => "read" in one) : [];
  return [
    ...read.map((one) => {
      const said = { read: rows(one, "read"), landed: rows(one, "landed"), unchanged: rows(one, "unchanged"), rejected: rows(one, "rejected") };
      return { name: nameOf(one), balance: readingBalance({ ...said, balanced: said.read === said.landed + said.unchanged + said.rejected }) };
    }),
    ...made.map((one) => {
      const said = { landed: rows(one, "landed"), canonical: rows(one, "canonical"), quarantined: rows(one, "quarantined"), held: rows(one, "held"), unmapped: rows(one, "unmapped"), duplicate: rows(one, "duplicate") };
      return { name: nameOf(one), balance: mappingBalance({ ...said, balanced: said.landed === said.canonical + said.quarantined + said.held + said.unmapped + said.duplicate }) };
    }),
  ];
}

/** Rows by table, the views that people ask for first. */
export function figuresOf(summary: Summary): { name: string; rows: number }[] {
  const tables = isCounts(summary.tables) ? Object.entries(summary.tables) : [];
  return tables
    .flatMap(([name, value]) => (typeof value === "number" ? [{ name, rows: value }] : []))
    .sort((one, other) => Number(other.name.startsWith("unified/")) - Number(one.name.startsWith("unified/")) || one.name.localeCompare(other.name));
}

/** The error's own way out where it has one. */
export function nextStep(run: Schemas["RunSeen"]): string {
  if (run.state === "put_off") return "It begins again by itself as soon as the other worker has ended. Nothing is lost.";
  const fix = run.error?.fix;
  if (typeof fix === "string" && fix !== "") return `${fix} What had landed stays; nothing was lost.`;
  return "What had landed stays; nothing was lost. Ask for a refresh; if it fails again, the orchestrator shows the whole log of this run.";
}
