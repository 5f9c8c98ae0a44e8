// The state of a connection in words.
import type { Schemas } from "@/lib/client";
import { ago } from "@/lib/time";

export interface Said {
  state: string; // of the mark
  words: string;
}

export function stateOf(connection: Schemas["ConnectionSeen"], now: number): Said {
  const last = connection.last_sync;
  if (connection.state === "paused") return { state: "paused", words: "Paused" };
  if (!last) return { state: "paused", words: "Never synced" };
  const at = ago(last.ended_at ?? last.started_at, now);
  if (last.state === "running") return { state: "running", words: `Syncing since ${ago(last.started_at, now)}` };
  if (last.state === "failed") return { state: "failed", words: `Failed ${at}` };
  if (!last.balanced) return { state: "unbalanced", words: `Synced ${at}, does not balance` };
  return { state: "succeeded", words: `Synced ${at}, balanced` };
}
