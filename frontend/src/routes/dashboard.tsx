// The page /.
import { createLazyRoute } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Dashboard } from "@/features/dashboard/dashboard";

export const Route = createLazyRoute("/inside/")({ component: () => <Page><Dashboard /></Page> });
