// The router with what is shown where a page is missing, broken or on its way; and the queries' defaults.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { createRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { Failed, Skeleton } from "@/components/states";
import { wasSignedIn } from "@/lib/session";
import { canRetry, troubleOf, wasLost } from "@/lib/trouble";
import { tree } from "@/routes/tree";

/** A session that ended leads to signing in, and back to the same page. */
function leave(error: unknown): void {
  if (troubleOf(error).status !== 401 || !wasSignedIn() || router.state.location.pathname === "/sign-in") return;
  void router.navigate({ to: "/sign-in", search: { next: router.state.location.href } });
}

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: leave }),
  mutationCache: new MutationCache({ onError: leave }),
  defaultOptions: {
    queries: { staleTime: 10_000, retry: (failures, error) => failures < 1 && canRetry(troubleOf(error)) },
    // A change carries a key of its own: one whose answer was lost is sent again and still done once.
    mutations: { retry: (failures, error) => failures < 1 && wasLost(troubleOf(error)), retryDelay: 500 },
  },
});

const Broken = ({ error, reset }: ErrorComponentProps) => (
  <main className="mx-auto max-w-xl p-4">
    <Failed what="This page" trouble={troubleOf(error)} retry={reset} />
  </main>
);

export const router = createRouter({
  routeTree: tree,
  context: { queries },
  defaultErrorComponent: Broken,
  defaultPendingComponent: () => <Skeleton rows={6} />,
  defaultPendingMs: 150,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    title?: string;
    line?: string; // what the page answers
    under?: string; // the page of the side bar that it belongs to, where its path does not say so
  }
}
