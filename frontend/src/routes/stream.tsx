// The page /streams/<id>.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { StreamPage } from "@/features/streams/stream-page";
import { streamId } from "@/lib/ids";

const here = getRouteApi("/inside/streams/$streamId");

function Stream() {
  const { part } = here.useSearch();
  const navigate = here.useNavigate();
  return (
    <Page wide>
      <StreamPage id={streamId(here.useParams().streamId)} part={part ?? "rows"} onPart={(next) => void navigate({ search: next === "rows" ? {} : { part: next } })} />
    </Page>
  );
}

export const Route = createLazyRoute("/inside/streams/$streamId")({ component: Stream });
