// What a tenant's figures are counted in, as words: currencies, time zones, months, and the periods that hold now.
import type { Schemas } from "@/lib/client";

const day = (zone: string) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric" });

/** From the first day to the last: a period ends where the next begins, which is a day that it no longer holds. */
export function span(period: Schemas["PeriodSeen"], zone: string): string {
  const last = new Date(Date.parse(period.ends) - 1);
  return `${day(zone).format(new Date(period.starts))} to ${day(zone).format(last)}`;
}

export const MONTHS = Array.from({ length: 12 }, (_, at) => ({
  value: String(at + 1),
  word: new Intl.DateTimeFormat("en-GB", { month: "long", timeZone: "UTC" }).format(new Date(Date.UTC(2026, at, 1))),
}));

export const WEEKS = [
  { value: "monday", word: "Monday" },
  { value: "sunday", word: "Sunday" },
  { value: "saturday", word: "Saturday" },
] as const;

const named = (code: string) => new Intl.DisplayNames("en", { type: "currency" }).of(code) ?? code;

/** What the browser knows, and what stands already where it does not know that. */
export function options(kind: "currency" | "timeZone", stands: string) {
  const known = Intl.supportedValuesOf(kind);
  const also = kind === "timeZone" ? ["UTC", stands] : [stands];
  const all = [...new Set([...also, ...known])].sort();
  return all.map((value) => ({ value, word: kind === "currency" && named(value) !== value ? `${value}, ${named(value)}` : value.replaceAll("_", " ") }));
}
