// The page /sign-in.
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { SignIn } from "@/features/session/sign-in";
import { homeward } from "@/routes/homeward";

const here = getRouteApi("/sign-in");

function Page() {
  const router = useRouter();
  const { next, problem } = here.useSearch();
  return <SignIn problem={problem} onDone={() => router.history.push(homeward(next))} />;
}

export const Route = createLazyRoute("/sign-in")({ component: Page });
