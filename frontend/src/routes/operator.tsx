// The page /operator, of who runs the installation.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Installation } from "@/features/operator/installation";

const here = getRouteApi("/inside/operator");

function OperatorPage() {
  const search = here.useSearch();
  const navigate = here.useNavigate();
  return <Page><Installation open={search.tenant} onOpen={(tenant) => void navigate({ search: tenant ? { tenant } : {} })} /></Page>;
}

export const Route = createLazyRoute("/inside/operator")({ component: OperatorPage });
