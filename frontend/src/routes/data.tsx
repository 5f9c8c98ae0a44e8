// The page /data.
import { createLazyRoute } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Catalogue } from "@/features/data/catalogue";

export const Route = createLazyRoute("/inside/data")({ component: () => <Page><Catalogue /></Page> });
