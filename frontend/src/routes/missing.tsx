// Whatever address leads to no page.
import { createLazyRoute, Link } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Empty } from "@/components/states";

const Missing = () => (
  <Page>
    <Empty shows="There is no such page." because="The address may be mistyped, or the page has moved." action={<Link to="/" search={{}} className="font-semibold text-blue underline">To the dashboard</Link>} />
  </Page>
);

export const Route = createLazyRoute("/inside/$")({ component: Missing });
