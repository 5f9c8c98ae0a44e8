// Figures of the published version, each with its definition and the rows it is made of.
import { Link } from "@tanstack/react-router";
import { Masked } from "@/components/masked";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { Skeleton } from "@/components/states";
import { groups } from "@/features/dashboard/figures";
import { api, type Schemas } from "@/lib/client";
import { useNow } from "@/lib/clock";
import { PROMISE } from "@/lib/freshness";
import { often } from "@/lib/news";
import { plural, short } from "@/lib/numbers";
import { named } from "@/lib/words";

export function Figures() {
  const asked = api.useQuery("get", "/api/v1/metrics", {}, { refetchInterval: often(30_000) });
  const now = useNow();
  const version = asked.data?.version;
  const isOld = version ? now - Date.parse(version.published_at) > PROMISE : false;
  return (
    <Panel
      title="Figures"
      aside={version ? <>{isOld ? "stale, " : ""}as of <Moment at={version.published_at} /></> : undefined}
      asked={asked}
      what="The figures"
      skeleton={<Skeleton rows={3} tall />}
      isEmpty={(said) => said.metrics.length === 0}
      empty={{ shows: "Figures with their definitions will stand here.", because: "Nothing has been published yet: the first run that maps rows publishes them." }}
    >
      {(said) => (
        <div className="divide-y divide-line">
          {groups(said.metrics).map((group) => (
            <section key={group.entity} className="grid gap-x-6 gap-y-2 p-4 md:grid-cols-[9rem_1fr]" aria-label={`Figures of ${group.entity}`}>
              <h3 className="text-base">
                <Link to="/data/$entity" params={{ entity: group.entity }} search={{}} className="text-blue hover:underline">
                  {named(group.entity)}
                </Link>
              </h3>
              <dl className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,13rem),1fr))] gap-x-6 gap-y-4">
                {group.metrics.map((metric) => (
                  <Figure key={`${metric.name} ${metric.currency ?? ""}`} metric={metric} isOld={isOld} />
                ))}
              </dl>
            </section>
          ))}
        </div>
      )}
    </Panel>
  );
}

function Figure({ metric, isOld }: { metric: Schemas["MetricSeen"]; isOld: boolean }) {
  return (
    <div className="flex flex-col">
      <dt className="order-2 text-sm font-semibold">{metric.label}</dt>
      <dd className={`order-1 text-xl font-bold tabular-nums ${isOld ? "text-muted" : ""}`} title={metric.masked ?? metric.value ?? "nothing to count"}>
        {metric.masked ? <Masked why={metric.masked} /> : metric.value === null ? "—" : short(metric.value)}
        {metric.currency && !metric.masked && <span className="ml-1 text-sm text-muted">{metric.currency}</span>}
      </dd>
      <dd className="order-3 text-xs text-muted">
        {metric.definition} {metric.rows !== null && metric.unit !== "count" && `From ${plural(metric.rows, "record")}.`}
      </dd>
    </div>
  );
}
