// Of a connection's syncs those that say most: the newest that moved data, and any newer one that failed or brought nothing.
import { readingTotal } from "@/lib/balance";
import type { Schemas } from "@/lib/client";
import { bytes, count, plural } from "@/lib/numbers";

type Sync = Schemas["SyncSeen"];
type StreamSync = Sync["streams"][number];

const sum = (sync: Sync, of: (stream: StreamSync) => number) => sync.streams.reduce((all, one) => all + of(one), 0);
const moves = (sync: Sync) => sum(sync, (one) => one.landed + one.deleted) > 0;

/** From syncs of one connection, newest first. */
export function selected(syncs: Sync[]): Sync[] {
  const ended = syncs.filter((one) => one.state !== "running");
  const at = ended.findIndex(moves);
  return at === -1 ? ended.slice(0, 1) : ended.slice(0, at + 1);
}

/** Each failure since, and the newest that moved data; those that moved nothing are a number beside them. */
export const worthShowing = <One extends Sync>(chosen: One[]): One[] => chosen.filter((one, at) => one.state === "failed" || at === chosen.length - 1);

const figure = (value: unknown): number => (typeof value === "number" ? value : 0);

/** What a sync moved, in one line: `1,204 new or changed, 12 deleted` */
export function movedIn(sync: Sync): string {
  if (sync.state === "failed") return sync.error?.what ?? "It failed without saying why.";
  if (sync.external) return `${plural(figure(sync.said.rows), "row")}, ${bytes(figure(sync.said.bytes))}, counted there`;
  const landed = sum(sync, (one) => one.landed);
  const deleted = sum(sync, (one) => one.deleted);
  const read = sum(sync, (one) => one.read);
  if (sync.state === "cancelled") return `Cancelled after ${plural(read, "row")}; what had landed stays.`;
  const parts = [landed > 0 && `${count(landed)} new or changed`, deleted > 0 && `${count(deleted)} deleted`].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : read > 0 ? `nothing new in ${plural(read, "row")}` : "nothing new";
}

/** `+3 failed, +1 empty since` of what is newer than the one that moved data; empty where there is nothing. */
export function since(chosen: Sync[]): string {
  const newer = chosen.slice(0, -1);
  const failed = newer.filter((one) => one.state === "failed").length;
  const empty = newer.length - failed;
  return [failed > 0 && `${count(failed)} failed`, empty > 0 && `${count(empty)} moved nothing`].filter(Boolean).join(", ");
}

export const totalOf = (sync: Sync) => readingTotal(sync.streams);
