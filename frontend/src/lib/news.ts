// What happens in the tenant, as the server tells it: what was read is read again when it may have changed, and only then.
import type { Query, QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";

/** What is shown by whom, for each kind of event; of a kind that is not known here, everything may have changed. */
const TOUCHED: Record<string, readonly string[]> = {
  "stream.landed": ["connections", "streams", "syncs", "runs"],
  "connection.changed": ["connections", "onboarding", "streams", "discover"],
  "stream.changed": ["connections", "streams", "discover"],
  "sync.cancelling": ["connections", "syncs"],
  "mappings.changed": ["mappings", "proposals", "streams", "runs", "discover"],
  "mapping.decided": ["mappings", "proposals"],
  "proposal.decided": ["mappings", "proposals"],
  "run.requested": ["runs"],
  "flags.changed": ["flags", "connections"],
  "version.published": ["metrics", "entities", "mappings", "connections", "streams", "syncs", "runs"],
};
const SOON = 100; // milliseconds in which several events are one
const AGAIN = 30_000; // until a stream that was refused is asked for again
const MOST_PAGES = 3; // a list that was read further than this is not read again from its beginning by itself

/** Whether an event of this kind may have changed what an address of the API answers. */
export function touches(kind: string, path: string): boolean {
  const nouns = TOUCHED[kind];
  return nouns === undefined || nouns.some((noun) => path === `/api/v1/${noun}` || path.startsWith(`/api/v1/${noun}/`));
}

let since: number | null = null;
const listeners = new Set<() => void>();

function tellingSince(moment: number | null): void {
  since = moment;
  for (const one of listeners) one();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether the server tells of what happens right now. */
export const useTelling = (): boolean => useSyncExternalStore(listen, () => since !== null);

/** How often to ask for what the server tells of by itself: not at all once it was read while the server tells, else so often. */
export const often = (milliseconds: number) => (query: { state: { dataUpdatedAt: number } }) =>
  since !== null && query.state.dataUpdatedAt > since ? false : milliseconds;

const pathOf = (query: Query) => String(query.queryKey[1]);
const pagesOf = (query: Query) => (query.state.data as { pages?: unknown[] } | undefined)?.pages?.length ?? 1;

/** Follows what happens until the returned function is called. A window that nobody sees does not hold a connection. */
export function follow(queries: QueryClient, open: (address: string) => EventSource = (address) => new EventSource(address)): () => void {
  let source: EventSource | null = null;
  let last = "";
  let kinds = new Set<string>();
  let soon: number | undefined;
  let again: number | undefined;

  function readAgain(touched: (path: string) => boolean): void {
    void queries.invalidateQueries({ predicate: (query) => touched(pathOf(query)) && pagesOf(query) <= MOST_PAGES });
    void queries.invalidateQueries({ predicate: (query) => touched(pathOf(query)) && pagesOf(query) > MOST_PAGES, refetchType: "none" });
  }
  function happened(kind: string): void {
    kinds.add(kind);
    soon ??= window.setTimeout(() => {
      const now = kinds;
      [kinds, soon] = [new Set(), undefined];
      readAgain((path) => [...now].some((one) => touches(one, path)));
    }, SOON);
  }
  function lost(): void {
    if (since === null) return;
    tellingSince(null);
    readAgain(() => true); // and from here on by the clock
  }
  function start(): void {
    const asked = open(`/api/v1/events${last === "" ? "" : `?after=${last}`}`);
    source = asked;
    const heard = (event: MessageEvent) => {
      if (event.lastEventId !== "") last = event.lastEventId;
      return JSON.parse(String(event.data)) as { type?: string; state?: string };
    };
    asked.addEventListener("message", (event) => {
      happened(heard(event).type ?? "");
    });
    asked.addEventListener("gap", (event) => {
      heard(event);
      happened("gap");
    });
    asked.addEventListener("status", (event) => {
      const { state } = heard(event);
      if (state === "live" || state === "degraded") tellingSince(since ?? Date.now());
      else lost();
    });
    asked.addEventListener("error", () => {
      lost();
      if (asked.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      again = window.setTimeout(restart, AGAIN);
    });
  }
  function stop(): void {
    window.clearTimeout(again);
    source?.close();
    source = null;
  }
  function restart(): void {
    stop();
    if (document.visibilityState === "visible") start();
    else tellingSince(null);
  }
  document.addEventListener("visibilitychange", restart);
  restart();
  return () => {
    document.removeEventListener("visibilitychange", restart);
    window.clearTimeout(soon);
    stop();
    tellingSince(null);
  };
}
