// Who is signed in, and where: read once by the frame, cleared when the session or the tenant changes.
import type { QueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/lib/client";

export const meOptions = api.queryOptions("get", "/api/v1/me", {}, { staleTime: 60_000 });

export const useMe = (): Schemas["Me"] => api.useSuspenseQuery("get", "/api/v1/me", {}, { staleTime: 60_000 }).data;

const DECIDERS: readonly string[] = ["owner", "admin", "engineer"];
export const mayDecide = (role: string) => DECIDERS.includes(role);
export const WHO_DECIDES = "An owner, an admin or an engineer of this tenant can.";

// Says only that somebody signed in here before, so that a first visit asks nothing that must be refused.
const HINT = "aos.session";
export const wasSignedIn = () => localStorage.getItem(HINT) !== null;

const CHANNEL = "aos.session";

/** Nothing of another session may stay on the screen: all that was read is dropped, in every window. */
export function begun(queries: QueryClient): void {
  localStorage.setItem(HINT, "1");
  queries.clear();
  tell("begun");
}

export function ended(queries: QueryClient): void {
  localStorage.removeItem(HINT);
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
