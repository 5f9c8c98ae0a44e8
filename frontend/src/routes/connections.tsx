// The page /connections.
import { createLazyRoute } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { ConnectionList } from "@/features/connections/connection-list";

export const Route = createLazyRoute("/inside/connections")({ component: () => <Page><ConnectionList /></Page> });
