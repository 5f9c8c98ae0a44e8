// The entity that a page is about, by its name, plural or alias.
import type { ReactNode } from "react";
import { Card, States } from "@/components/panel";
import { api, type Schemas } from "@/lib/client";

type Entity = Schemas["EntitySeen"];

export const entityNamed = (all: Entity[], name: string) => all.find((one) => one.name === name || one.plural === name || one.alias.includes(name));

export function OneEntity({ name, children }: { name: string; children: (entity: Entity) => ReactNode }) {
  const asked = api.useQuery("get", "/api/v1/entities");
  const found = asked.data && entityNamed(asked.data.entities, name);
  if (found) return children(found);
  return (
    <Card>
      <States asked={asked} what="The entity" isEmpty={() => true} empty={{ shows: `There is no entity called “${name}”.`, because: "The ontology names those in Data." }}>
        {() => null}
      </States>
    </Card>
  );
}
