// The page /settings/<section>.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Settings } from "@/features/settings/settings";
import { given } from "@/routes/search";

const here = getRouteApi("/inside/settings/$section");

function Section() {
  const { section } = here.useParams();
  const navigate = here.useNavigate();
  return <Page><Settings key={section} section={section} search={here.useSearch()} onSearch={(search) => void navigate({ search: given({ ...search }) })} /></Page>;
}

export const Route = createLazyRoute("/inside/settings/$section")({ component: Section });
