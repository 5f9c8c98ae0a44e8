// The page /discover.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Discover } from "@/features/discover/discover";
import { given } from "@/routes/search";

const here = getRouteApi("/inside/discover");

function Found() {
  const navigate = here.useNavigate();
  return <Page wide><Discover search={here.useSearch()} onSearch={(search, replace = false) => void navigate({ search: given({ ...search }), replace })} /></Page>;
}

export const Route = createLazyRoute("/inside/discover")({ component: Found });
