// The page /approvals.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Inbox } from "@/features/approvals/inbox";

const here = getRouteApi("/inside/approvals");

function Approvals() {
  const search = here.useSearch();
  const navigate = here.useNavigate();
  return <Page><Inbox search={search} onSearch={(next) => void navigate({ search: next })} /></Page>;
}

export const Route = createLazyRoute("/inside/approvals")({ component: Approvals });
