// The page /sign-up.
import { createLazyRoute, useRouter } from "@tanstack/react-router";
import { SignUp } from "@/features/session/sign-up";

function Page() {
  const router = useRouter();
  return <SignUp onDone={() => router.history.push("/")} />;
}

export const Route = createLazyRoute("/sign-up")({ component: Page });
