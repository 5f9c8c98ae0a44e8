// The page /connections/<id>.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { ConnectionDetail } from "@/features/connections/connection-detail";
import { connectionId } from "@/lib/ids";
import { given } from "@/routes/search";

const here = getRouteApi("/inside/connections/$connectionId");

function Connection() {
  const navigate = here.useNavigate();
  return <Page><ConnectionDetail id={connectionId(here.useParams().connectionId)} search={here.useSearch()} onSearch={(search) => void navigate({ search: given({ ...search }) })} /></Page>;
}

export const Route = createLazyRoute("/inside/connections/$connectionId")({ component: Connection });
