// The page /invitation#<token>: what stands behind the # never reaches a server by the address.
import { createLazyRoute, useLocation, useRouter } from "@tanstack/react-router";
import { Invitation } from "@/features/session/invitation";

function Page() {
  const router = useRouter();
  return <Invitation token={useLocation().hash} onDone={() => router.history.replace("/")} />;
}

export const Route = createLazyRoute("/invitation")({ component: Page });
