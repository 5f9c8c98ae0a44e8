// The state of a connection in words: what it is doing, how old what we know of it is, and whether it is being read right now.
import type { Schemas } from "@/lib/client";
import { PROMISE, type Liveness } from "@/lib/freshness";
import { count, plural } from "@/lib/numbers";
import { ago } from "@/lib/time";

type Seen = Schemas["ConnectionSeen"];

export interface Said {
  state: string; // of the mark
  words: string;
}

export function stateOf(connection: Seen, now: number): Said {
  const last = connection.last_sync;
  if (connection.syncing) return { state: "running", words: `Syncing since ${ago(connection.syncing.started_at, now)}` };
  if (connection.state === "onboarding") return { state: "onboarding", words: "Being set up" };
  if (connection.state === "unauthorised") return { state: "unauthorised", words: "Needs re-authorising" };
  if (connection.state === "paused") return { state: "paused", words: "Paused" };
  if (!last) return { state: "active", words: "Active, not read yet" };
  const at = ago(last.ended_at ?? last.started_at, now);
  if (last.state === "running") return { state: "running", words: `Syncing since ${ago(last.started_at, now)}` };
  if (last.state === "failed") return { state: "failed", words: `Failed ${at}` };
  if (last.state === "cancelled") return { state: "cancelled", words: `Cancelled ${at}` };
  if (!last.balanced) return { state: "unbalanced", words: `Synced ${at}, does not balance` };
  return { state: "succeeded", words: `Synced ${at}, balanced` };
}

/** In a list that has a column for the age and one for the balance, what is well needs no more than its state. */
export function statusOf(connection: Seen, now: number): Said {
  const said = stateOf(connection, now);
  return said.state === "succeeded" || said.state === "unbalanced" ? { state: "active", words: "Active" } : said;
}

/** Why there is no next sync. */
export const unplanned = (connection: Pick<Seen, "state">): string => (connection.state === "active" ? "not planned" : connection.state === "paused" ? "not while paused" : "waits for you");

export interface Lag {
  state: "fresh" | "late" | "never";
  words: string; // `8 min ago`
  promise: string; // `promised every 60 min`
}

/** How long ago it was last read whole: the server's figure, and the time since the server said it. */
export function lagOf(connection: Pick<Seen, "lag_seconds" | "fresh" | "fresh_minutes">, readAt: number, now: number): Lag {
  const promised = connection.fresh_minutes === null ? PROMISE : connection.fresh_minutes * 60_000;
  const promise = `promised within ${span(promised / 60_000)}`;
  if (connection.lag_seconds === null) return { state: "never", words: "never read", promise };
  const lag = connection.lag_seconds * 1000 + Math.max(0, now - readAt);
  return { state: connection.fresh && lag <= promised ? "fresh" : "late", words: ago(new Date(now - lag).toISOString(), now), promise };
}

/** `90` → `90 min`, `1440` → `24 h` */
export const span = (minutes: number): string => (minutes >= 120 && minutes % 60 === 0 ? `${count(minutes / 60)} h` : minutes === 60 ? "an hour" : `${count(minutes)} min`);

/** Green and pulsing only while it is really read and the server tells of it; null where nothing is read. */
export function syncingOf(connection: Pick<Seen, "syncing">, telling: boolean): Liveness | null {
  const { syncing } = connection;
  if (!syncing) return null;
  const far = progress(syncing);
  return telling
    ? { kind: "live", word: "syncing now", reason: `${far}. The server tells of each step as it happens.` }
    : { kind: "stale", word: "syncing", reason: `${far}. The server does not tell by itself; this is asked for every half minute.` };
}

export const progress = (syncing: NonNullable<Seen["syncing"]>): string => `${plural(syncing.read, "row")} read, ${count(syncing.streams_done)} of ${plural(syncing.streams, "stream")} done`;
