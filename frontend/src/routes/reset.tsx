// The page /reset#<token>.
import { createLazyRoute, useLocation } from "@tanstack/react-router";
import { Reset } from "@/features/session/reset";

const Page = () => <Reset token={useLocation().hash} />;

export const Route = createLazyRoute("/reset")({ component: Page });
