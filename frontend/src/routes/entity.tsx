// The page /data/<entity>.
import { createLazyRoute, getRouteApi, Link } from "@tanstack/react-router";
import { Heading, Page } from "@/components/page";
import { EntityTable } from "@/features/data/entity-table";
import { OneEntity } from "@/features/data/one-entity";
import { named } from "@/lib/words";
import { given } from "@/routes/search";

const here = getRouteApi("/inside/data/$entity");

function Entity() {
  const search = here.useSearch();
  const navigate = here.useNavigate();
  return (
    <Page wide>
      <OneEntity name={here.useParams().entity}>
        {(entity) => (
          <>
            <Heading trail={[<Link key="all" to="/data" className="hover:text-text">Data</Link>]} title={named(entity.plural)} about={entity.about} />
            <EntityTable key={entity.name} entity={entity} search={search} onSearch={(change, how) => void navigate({ search: (now) => given({ ...change(now) }), ...how })} />
          </>
        )}
      </OneEntity>
    </Page>
  );
}

export const Route = createLazyRoute("/inside/data/$entity")({ component: Entity });
