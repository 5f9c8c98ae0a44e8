// Whether what is on the screen is live, decided from the answer itself and never from configuration.
import { ago } from "@/lib/time";

export type Liveness = { kind: "live" | "demo" | "stale"; word: string; reason: string };

/** Until a connection carries a promise of its own, a day is what a figure may be old. */
export const PROMISE = 24 * 3_600_000;

export const isDemo = (connection: { note: string | null }) => /\bdemo data\b/i.test(connection.note ?? "");

export function liveness(answer: { at: string | null; now: number; demo: boolean; reached: boolean }): Liveness {
  if (!answer.reached) return { kind: "stale", word: "not live", reason: "The server does not answer; this is what was read last." };
  if (answer.at === null) return { kind: "stale", word: "nothing yet", reason: "Nothing has been published here yet." };
  const age = ago(answer.at, answer.now);
  if (answer.now - Date.parse(answer.at) > PROMISE) return { kind: "stale", word: `as of ${age}`, reason: `Published ${age}; the promise is one day.` };
  if (answer.demo) return { kind: "demo", word: "demo data", reason: `Generated sources, published ${age}.` };
  return { kind: "live", word: "live", reason: `From the server, published ${age}.` };
}
