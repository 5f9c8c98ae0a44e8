// The page /data/<entity>/<id>.
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { OneEntity } from "@/features/data/one-entity";
import { RecordPage } from "@/features/data/record-page";
import { recordId } from "@/lib/ids";

const here = getRouteApi("/inside/data/$entity/$id");

function Record() {
  const { entity: name, id } = here.useParams();
  const { cell } = here.useSearch();
  const navigate = here.useNavigate();
  return (
    <Page>
      <OneEntity name={name}>
        {(entity) => <RecordPage entity={entity} id={recordId(id)} cell={cell} onCell={(field) => void navigate({ search: field ? { cell: field } : {} })} />}
      </OneEntity>
    </Page>
  );
}

export const Route = createLazyRoute("/inside/data/$entity/$id")({ component: Record });
