// Who is signed in, and where: read once by the frame, cleared when the session or the tenant changes.
import type { QueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/lib/client";

export const meOptions = api.queryOptions("get", "/api/v1/me", {}, { staleTime: 60_000 });

export const useMe = (): Schemas["Me"] => api.useSuspenseQuery("get", "/api/v1/me", {}, { staleTime: 60_000 }).data;

type Me = Schemas["Me"];
type Here = Me & { tenant: Schemas["TenantSeen"]; role: NonNullable<Me["role"]> };

export const isHere = (me: Me): me is Here => me.tenant !== null && me.role !== null;

/** Whoever is signed in, on a page of their tenant: an operator in none is never led to one. */
export function useHere(): Here {
  const me = useMe();
  if (!isHere(me)) throw new Error("This page belongs to a tenant.");
  return me;
}

/** By the server's own table, `decide:proposals`: a page offers what would be done, and asks no more of the role's name. */
export const can = (me: Me, what: string) => me.may.includes(what);

export const WHO_DECIDES = "An owner, an admin or an engineer of this tenant can.";

// Says only that somebody signed in here before, so that a first visit asks nothing that must be refused.
const HINT = "aos.session";
export const wasSignedIn = () => localStorage.getItem(HINT) !== null;
export const remember = () => localStorage.setItem(HINT, "1");
export const forget = () => localStorage.removeItem(HINT);

const CHANNEL = "aos.session";

/** Nothing of another session may stay on the screen: all that was read is dropped, in every window. */
export function begun(queries: QueryClient): void {
  remember();
  queries.clear();
  tell("begun");
}

export function ended(queries: QueryClient): void {
  forget();
  queries.clear();
  tell("ended");
}

function tell(what: "begun" | "ended"): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(what);
  channel.close();
}

/** Windows share one session: when it changes in another, this one starts again from what is in force. */
export function followOtherWindows(restart: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = restart;
  return () => {
    channel.close();
  };
}
