// The page /connections.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Connections } from "@/features/connections/connections";

const here = getRouteApi("/inside/connections");

function Shown() {
  const { show } = here.useSearch();
  const navigate = here.useNavigate();
  return <Page wide><Connections show={show} onShow={(next) => void navigate({ search: next ? { show: next } : {} })} /></Page>;
}

export const Route = createLazyRoute("/inside/connections")({ component: Shown });
