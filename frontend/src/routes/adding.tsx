// The page /connections/new.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Adding } from "@/features/connections/adding";

const here = getRouteApi("/inside/connections/new");

function New() {
  const { source } = here.useSearch();
  const navigate = here.useNavigate();
  return <Page><Adding source={source} onSource={(next) => void navigate({ search: next ? { source: next } : {} })} /></Page>;
}

export const Route = createLazyRoute("/inside/connections/new")({ component: New });
