// The page /runs.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { RunList } from "@/features/runs/run-list";

const here = getRouteApi("/inside/runs");

function Runs() {
  const search = here.useSearch();
  const navigate = here.useNavigate();
  return <Page><RunList search={search} onSearch={(next) => void navigate({ search: next })} /></Page>;
}

export const Route = createLazyRoute("/inside/runs")({ component: Runs });
