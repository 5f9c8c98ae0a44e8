// A record and, over it, the story of the cell that the URL names.
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Drawer } from "@/components/drawer";
import { Heading } from "@/components/page";
import { States } from "@/components/panel";
import { currencyOf, isFilled, titleOf } from "@/features/data/columns";
import { RecordView } from "@/features/data/record";
import { Story } from "@/features/data/story";
import { api, type Schemas } from "@/lib/client";
import type { RecordId } from "@/lib/ids";
import { named } from "@/lib/words";

interface RecordPageProps {
  entity: Schemas["EntitySeen"];
  id: RecordId;
  cell: string | undefined;
  onCell: (field: string | undefined) => void;
}

const storyOptions = (name: string, id: string, field: string) =>
  api.queryOptions("get", "/api/v1/entities/{name}/{entity_id}/provenance/{field}", { params: { path: { name, entity_id: id, field } } }, { staleTime: 300_000 });

export function RecordPage({ entity, id, cell, onCell }: RecordPageProps) {
  const asked = api.useQuery("get", "/api/v1/entities/{name}/{entity_id}", { params: { path: { name: entity.name, entity_id: id } } });
  const row = asked.data?.record;
  const fields = row ? entity.fields.filter((field) => !field.masked && (field.key || isFilled(row.values[field.name]))) : [];
  const sources = useQueries({ queries: fields.map((field) => storyOptions(entity.name, row?.id ?? id, field.name)) });
  const labels = new Map(
    sources.flatMap(({ data }) => (data?.source ? [[data.field, `${data.source.connection.name}/${data.source.stream.name}`] as const] : [])),
  );
  return (
    <>
      <Heading
        trail={[
          <Link key="all" to="/data" className="hover:text-text">Data</Link>,
          <Link key="entity" to="/data/$entity" params={{ entity: entity.name }} search={{}} className="hover:text-text">{named(entity.plural)}</Link>,
        ]}
        title={row ? titleOf(row) : named(entity.name)}
      />
      <States asked={asked} what="The record" empty={{ shows: "", because: "" }}>
        {(said) => (
          <>
            <RecordView entity={entity} said={said} sources={labels} onCell={onCell} />
            {cell && <StoryDrawer entity={entity} row={said.record} name={cell} onClose={() => onCell(undefined)} />}
          </>
        )}
      </States>
    </>
  );
}

function StoryDrawer({ entity, row, name, onClose }: { entity: Schemas["EntitySeen"]; row: Schemas["Record"]; name: string; onClose: () => void }) {
  const story = api.useQuery("get", "/api/v1/entities/{name}/{entity_id}/provenance/{field}", { params: { path: { name: entity.name, entity_id: row.id, field: name } } }, { staleTime: 300_000 });
  const field = entity.fields.find((one) => one.name === name) ?? { type: "text", unit: null, masked: false };
  return (
    <Drawer open onClose={onClose} title={`The story of ${named(name).toLowerCase()}`} about={`${titleOf(row)}: from the golden value back to the row that the source sent.`}>
      <States asked={story} what="The story of this cell" empty={{ shows: "", because: "" }}>
        {(said) => <Story said={said} field={field} currency={currencyOf(row)} reference={row.references[name] ?? null} />}
      </States>
    </Drawer>
  );
}
