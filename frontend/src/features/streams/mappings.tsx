// What each mapping makes of the stream: its balance, its document, and what it could not accept.
import { Link } from "@tanstack/react-router";
import { BalanceView } from "@/components/balance";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Card, Panel, States } from "@/components/panel";
import { Refused } from "@/features/streams/refused";
import { mappingBalance } from "@/lib/balance";
import { documentLines } from "@/lib/change";
import { api, type Schemas } from "@/lib/client";
import { mappingId } from "@/lib/ids";
import { plural } from "@/lib/numbers";
import { madeBy, named } from "@/lib/words";

export function Mappings({ stream }: { stream: Schemas["StreamDetail"] }) {
  const mapped = stream.mappings.filter((one) => one.mapping_id !== null);
  if (mapped.length === 0) {
    return (
      <Panel
        title="Mappings"
        asked={{ data: mapped, error: null, isPending: false, refetch: () => undefined }}
        what="The mappings"
        isEmpty={() => true}
        empty={{ shows: "How this stream becomes an entity, field by field.", because: "It feeds none: its rows stay landed, profiled and browsable as they are.", action: <Link to="/approvals" search={{}} className="font-semibold text-blue underline">Look at what is proposed</Link> }}
      >
        {() => null}
      </Panel>
    );
  }
  return mapped.map((one) => <MappingCard key={one.mapping_id} mapping={one} />);
}

function MappingCard({ mapping }: { mapping: Schemas["MappingSeen"] }) {
  const id = mappingId(mapping.mapping_id ?? "");
  const { balance } = mapping;
  return (
    <Card
      title={<>To {mapping.entity && <Link to="/data/$entity" params={{ entity: mapping.entity }} search={{}} className="text-blue underline">{named(mapping.entity)}</Link>}, version {mapping.version}</>}
      aside={<><Mark state={mapping.state ?? "active"} /> · {madeBy(mapping.made_by)}, <Moment at={mapping.created_at} /></>}
    >
      <div className="space-y-4 p-4">
        <BalanceView balance={mappingBalance(balance)} />
        {balance.waiting > 0 && <p className="text-sm text-muted">{plural(balance.waiting, "row")} landed since; the next run maps them.</p>}
        <Document id={id} />
        {balance.quarantined > 0 && <Refused id={id} kind="row" title={`${plural(balance.quarantined, "row")} in quarantine`} />}
        {balance.cell_issues > 0 && <Refused id={id} kind="cell" title={`${plural(balance.cell_issues, "value")} not read; the rows went on without them`} />}
      </div>
    </Card>
  );
}

function Document({ id }: { id: ReturnType<typeof mappingId> }) {
  const asked = api.useQuery("get", "/api/v1/mappings/{mapping_id}", { params: { path: { mapping_id: id } } });
  return (
    <details className="rounded-box border border-line">
      <summary className="cursor-pointer px-3 py-2 text-sm font-semibold">The document, field by field</summary>
      <States asked={asked} what="The document" empty={{ shows: "", because: "" }}>
        {(said) => (
          <pre role="region" aria-label="The mapping's document" tabIndex={0} className="overflow-x-auto border-t border-line bg-sunken p-3 text-xs">
            {documentLines(said.document).join("\n")}
          </pre>
        )}
      </States>
    </details>
  );
}
