// What a run did, in one line: read from the summary that its stage leaves.
import type { Schemas } from "@/lib/client";
import { count, plural } from "@/lib/numbers";

type Summary = Schemas["RunSeen"]["summary"];

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const size = (value: unknown): number => (typeof value === "number" ? value : Array.isArray(value) ? value.length : typeof value === "object" && value !== null ? Object.keys(value).length : 0);
const numberOf = (value: unknown, name: string): number => {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : 0;
  return typeof found === "number" ? found : 0;
};
const total = (value: unknown, name: string) => list(value).reduce<number>((sum, one) => sum + numberOf(one, name), 0);

export function told(stage: string, summary: Summary): string {
  switch (stage) {
    case "raw": {
      const rows = total(summary.streams, "landed");
      return `${plural(size(summary.streams), "stream")} read, ${rows === 0 ? "nothing new" : `${count(rows)} rows landed`}`;
    }
    case "fingerprints":
      return size(summary.changed) === 0 ? "no stream changed its shape" : `${plural(size(summary.changed), "stream")} changed shape`;
    case "mappings":
      return `${plural(size(summary.active), "mapping")} active, ${count(size(summary.held))} held, ${plural(size(summary.open_proposals), "proposal")} open`;
    case "events":
      return size(summary.balances) === 0 ? "no mapping feeds it" : `${count(total(summary.balances, "canonical"))} of ${count(total(summary.balances, "landed"))} rows canonical`;
    case "warehouse": {
      const tables = Object.entries((summary.tables ?? {}) as Record<string, unknown>).filter(([name]) => name.startsWith("unified/"));
      const rows = tables.reduce((sum, [, one]) => sum + (typeof one === "number" ? one : 0), 0);
      return `${count(rows)} records, ${summary.new === false ? "no new version needed" : "a new version published"}`;
    }
    default:
      return "";
  }
}
