// What there is to look at: the entities with their rows, and the streams as they landed.
import { Link } from "@tanstack/react-router";
import { Boxes, Rows3 } from "lucide-react";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { api } from "@/lib/client";
import { count, plural } from "@/lib/numbers";
import { named } from "@/lib/words";

const ROW = "grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-0.5 px-4 py-3 hover:bg-sunken";

export function Catalogue() {
  const entities = api.useQuery("get", "/api/v1/entities");
  const streams = api.useQuery("get", "/api/v1/streams");
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel
        title="Entities"
        aside={entities.data?.version ? <>published <Moment at={entities.data.version.published_at} /></> : undefined}
        asked={entities}
        what="The entities"
        isEmpty={(said) => said.entities.length === 0}
        empty={{ shows: "One line for each kind of thing.", because: "The ontology names none." }}
      >
        {({ entities: all }) => (
          <ul className="divide-y divide-line">
            {all.map((entity) => (
              <li key={entity.name}>
                <Link to="/data/$entity" params={{ entity: entity.name }} search={{}} className={ROW}>
                  <span className="flex items-center gap-2 font-semibold">
                    <Boxes size={16} aria-hidden className="text-green" /> {named(entity.plural)}
                  </span>
                  <span className="text-lg font-bold tabular-nums">{entity.rows === null ? "—" : count(entity.rows)}</span>
                  <span className="text-sm text-muted">{entity.about}</span>
                  <span className="text-right text-sm text-muted">{entity.rows === null ? "not published" : plural(entity.fields.length, "field")}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      <Panel
        title="Streams, as they landed"
        asked={streams}
        what="The streams"
        isEmpty={(said) => said.items.length === 0}
        empty={{ shows: "One line for each table, object or file pattern of a connection.", because: "Nothing has been read yet.", action: <Link to="/connections" className="font-semibold text-blue underline">Look at the connections</Link> }}
      >
        {({ items }) => (
          <ul className="divide-y divide-line">
            {items.map((stream) => (
              <li key={stream.id}>
                <Link to="/streams/$streamId" params={{ streamId: stream.id }} search={{}} className={ROW}>
                  <span className="flex min-w-0 items-center gap-2 font-semibold break-all">
                    <Rows3 size={16} aria-hidden className="shrink-0 text-blue" /> {stream.label}
                  </span>
                  <span className="text-lg font-bold tabular-nums">{stream.rows === null ? "—" : count(stream.rows)}</span>
                  <span className="text-sm text-muted">
                    {stream.mapped > 0 ? `feeds ${plural(stream.mapped, "entity", "entities")}` : "feeds no entity: landed, profiled, as it is"}
                  </span>
                  <span className="text-right text-sm text-muted">
                    <Moment at={stream.landed_at} never="nothing landed" />
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Panel>
    </div>
  );
}
