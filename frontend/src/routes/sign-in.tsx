// The page /sign-in.
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { SignIn } from "@/features/session/sign-in";
import { homeward } from "@/routes/homeward";

const here = getRouteApi("/sign-in");

function Page() {
  const router = useRouter();
  const { next } = here.useSearch();
  useEffect(() => {
    document.title = "AOS Sign in";
  }, []);
  return <SignIn onDone={() => router.history.push(homeward(next))} />;
}

export const Route = createLazyRoute("/sign-in")({ component: Page });
