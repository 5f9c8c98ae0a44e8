// The page /connections/<id>.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { ConnectionDetail } from "@/features/connections/connection-detail";
import { connectionId } from "@/lib/ids";

const here = getRouteApi("/inside/connections/$connectionId");

function Connection() {
  return <Page><ConnectionDetail id={connectionId(here.useParams().connectionId)} /></Page>;
}

export const Route = createLazyRoute("/inside/connections/$connectionId")({ component: Connection });
