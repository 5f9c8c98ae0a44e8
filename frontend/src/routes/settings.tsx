// The page /settings: the list of its sections, and beside it the first.
import { createLazyRoute } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Settings } from "@/features/settings/settings";

const Home = () => <Page><Settings section={undefined} search={{}} onSearch={() => undefined} /></Page>;

export const Route = createLazyRoute("/inside/settings")({ component: Home });
