// One connection: its streams with both balances, its syncs on a line of time, and how it is reached.
import { Link } from "@tanstack/react-router";
import { BalanceView } from "@/components/balance";
import { Facts } from "@/components/fields";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Heading } from "@/components/page";
import { Card, Panel, States } from "@/components/panel";
import { Timeline } from "@/features/connections/timeline";
import { mappingBalance, readingBalance } from "@/lib/balance";
import { api, type Schemas } from "@/lib/client";
import { isDemo } from "@/lib/freshness";
import type { ConnectionId } from "@/lib/ids";
import { plural } from "@/lib/numbers";
import { sourceName } from "@/lib/words";

export function ConnectionDetail({ id }: { id: ConnectionId }) {
  const params = { params: { path: { connection_id: id } } };
  const asked = api.useQuery("get", "/api/v1/connections/{connection_id}", params, { refetchInterval: 30_000 });
  const syncs = api.useQuery("get", "/api/v1/connections/{connection_id}/syncs", { params: { ...params.params, query: { limit: 20 } } }, { refetchInterval: 30_000 });
  return (
    <>
      <Heading
        trail={[<Link key="all" to="/connections" className="hover:text-text">Connections</Link>]}
        title={asked.data?.name ?? "Connection"}
        about={asked.data && `${sourceName(asked.data.source)}, ${plural(asked.data.streams, "stream")}${isDemo(asked.data) ? ", demo data" : ""}`}
      />
      <States asked={asked} what="The connection" empty={{ shows: "", because: "" }}>
        {(connection) => (
          <div className="grid items-start gap-4 lg:grid-cols-[2fr_1fr]">
            <div className="min-w-0 space-y-4">
              {connection.detail.map((stream) => (
                <StreamCard key={stream.id} stream={stream} />
              ))}
            </div>
            <div className="min-w-0 space-y-4">
              <Panel title="Syncs" asked={syncs} what="The syncs" isEmpty={(said) => said.items.length === 0} empty={{ shows: "Every reading of this connection, newest first.", because: "It has never been read." }}>
                {({ items }) => <Timeline syncs={items} />}
              </Panel>
              <Card title="How it is reached">
                <div className="p-4">
                  <Facts facts={facts(connection)} />
                </div>
              </Card>
            </div>
          </div>
        )}
      </States>
    </>
  );
}

const DELETES: Record<string, string> = {
  exact: "each complete reading shows what is gone",
  periodic: "now and then, by a complete reading",
  unknown: "not seen: this stream is read from where it ended",
};

function StreamCard({ stream }: { stream: Schemas["StreamBalances"] }) {
  return (
    <Card
      title={<Link to="/streams/$streamId" params={{ streamId: stream.id }} search={{}} className="text-blue hover:underline">{stream.name}</Link>}
      aside={<>Deletions: {DELETES[stream.delete_mode]}</>}
    >
      <div className="space-y-5 p-4">
        {stream.reading ? <BalanceView title="Last sync:" balance={readingBalance(stream.reading)} /> : <p className="text-sm text-muted">Not read yet.</p>}
        {stream.reading?.error && <p className="text-sm text-red">{stream.reading.error.what}</p>}
        {stream.mappings.map((mapping) => (
          <div key={mapping.mapping_id ?? "none"}>
            <BalanceView title={mapping.entity ? `To ${mapping.entity.replaceAll("_", " ")}:` : "No mapping, so all that landed is unmapped:"} balance={mappingBalance(mapping.balance)} />
            {mapping.state === "held" && <p className="mt-1 text-sm"><Mark state="held" word="Held: a required field waits for a decision. Nothing is lost." /></p>}
          </div>
        ))}
      </div>
    </Card>
  );
}

const facts = (connection: Schemas["ConnectionDetail"]) => [
  ...Object.entries(connection.config).map(([name, value]) => ({ name, value: <code className="text-xs break-all">{typeof value === "string" ? value : JSON.stringify(value)}</code> })),
  { name: "secret", value: connection.has_secret ? "kept sealed, never shown" : "none needed" },
  { name: "connected", value: <Moment at={connection.created_at} /> },
  ...(connection.note ? [{ name: "note", value: connection.note }] : []),
];
