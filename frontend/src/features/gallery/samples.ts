// What the gallery shows: made-up values of every kind, good and bad.
import { mappingBalance, readingBalance } from "@/lib/balance";
import type { Liveness } from "@/lib/freshness";
import type { Trouble } from "@/lib/trouble";

export interface GalleryRow {
  id: number;
  name: string;
}

export const ROWS: GalleryRow[] = Array.from({ length: 100_000 }, (_, id) => ({ id, name: `record ${id}` }));
export const LIVE: Liveness[] = [
  { kind: "live", word: "live", reason: "From the server, published 4 min ago." },
  { kind: "demo", word: "demo data", reason: "Generated sources, published 4 min ago." },
  { kind: "stale", word: "as of 2 days ago", reason: "Published 2 days ago; the promise is one day." },
  { kind: "stale", word: "not live", reason: "The server does not answer; this is what was read last." },
];
export const BALANCES = [
  readingBalance({ read: 1200, landed: 40, unchanged: 1158, rejected: 2, balanced: true }),
  mappingBalance({ landed: 40, canonical: 31, quarantined: 2, held: 4, unmapped: 2, duplicate: 1, balanced: true }),
  mappingBalance({ landed: 40, canonical: 31, quarantined: 2, held: 0, unmapped: 0, duplicate: 0, balanced: false }),
];

const field = (type: string, unit: string | null = null) => ({ type, unit });
export const VALUES = [
  { field: field("text"), value: "Initech" },
  { field: field("money"), value: "1200000.505" },
  { field: field("decimal", "GB"), value: "12345.6789" },
  { field: field("integer"), value: 8800 },
  { field: field("date"), value: "2026-03-02" },
  { field: field("timestamp"), value: "2026-03-02T09:30:00Z" },
  { field: field("enum"), value: "closed_won" },
  { field: field("boolean"), value: true },
  { field: field("json"), value: { a: 1 } },
  { field: field("share"), value: null },
];

export const TROUBLE: Trouble = { status: 503, code: "try_again", what: "The database did not answer.", culprit: "", fix: "Try again in a moment.", trace: "4bf92f3577b34da6a3ce929d0e0e4736" };
const refetch = () => undefined;
const said = (status: number, detail: string, fix: string) => ({ status, detail, fix, code: "", culprit: "", trace_id: TROUBLE.trace });
export const TROUBLE_SAID = said(503, TROUBLE.what, TROUBLE.fix);
export const ASKED = [
  { title: "loading", asked: { data: undefined, error: null, isPending: true, refetch } },
  { title: "empty", asked: { data: "", error: null, isPending: false, refetch } },
  { title: "error", asked: { data: undefined, error: TROUBLE_SAID, isPending: false, refetch } },
  { title: "not allowed", asked: { data: undefined, error: said(403, "Your role may not read this.", "An owner can change it."), isPending: false, refetch } },
  { title: "kept from before", asked: { data: "What was read before.", error: TROUBLE_SAID, isPending: false, refetch } },
  { title: "full", asked: { data: "What was answered.", error: null, isPending: false, refetch } },
];

export const ERASED = { report: { removed: { rows: { landings: 12, events: 30 }, lake: 40 }, left: { rows: {}, lake: 0 } }, key: "MCowBQYDK2VwAyEA", signature: "c2lnbmVk", now: true };
