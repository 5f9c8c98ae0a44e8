// Whether what is on the screen is live, decided from the answer itself and never from configuration.
import { ago } from "@/lib/time";

export type Liveness = { kind: "live" | "demo" | "stale"; word: string; reason: string };

/** Until a connection carries a promise of its own, a day is what a figure may be old. */
export const PROMISE = 24 * 3_600_000;

export const isDemo = (connection: { note: string | null }) => /\bdemo data\b/i.test(connection.note ?? "");

interface Read {
  state: string;
  last_sync: { state: string; ended_at: string | null } | null;
}

/** When all of it was last known to be so: a version that nothing has changed since is as young as the last sync. */
export function asOf(published: string | null, connections: Read[]): string | null {
  const read = connections.filter((one) => one.state === "active").map((one) => (one.last_sync?.state === "succeeded" ? one.last_sync.ended_at : null));
  const oldest = read.reduce<string | null>((one, other) => (one === null || other === null ? null : one < other ? one : other), read[0] ?? null);
  return published === null || oldest === null ? published : oldest > published ? oldest : published;
}

export function liveness(answer: { at: string | null; now: number; demo: boolean; reached: boolean }): Liveness {
  if (!answer.reached) return { kind: "stale", word: "not live", reason: "The server does not answer; this is what was read last." };
  if (answer.at === null) return { kind: "stale", word: "nothing yet", reason: "Nothing has been published here yet." };
  const age = ago(answer.at, answer.now);
  if (answer.now - Date.parse(answer.at) > PROMISE) return { kind: "stale", word: `as of ${age}`, reason: `Last read ${age}; the promise is one day.` };
  if (answer.demo) return { kind: "demo", word: "demo data", reason: `Generated sources, last read ${age}.` };
  return { kind: "live", word: "live", reason: `From the server, last read ${age}.` };
}
