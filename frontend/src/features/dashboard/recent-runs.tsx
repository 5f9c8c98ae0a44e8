// The last runs, as lines that lead to them.
import { Link } from "@tanstack/react-router";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { api } from "@/lib/client";
import { told } from "@/lib/run";
import { stageName } from "@/lib/words";

export function RecentRuns() {
  const asked = api.useQuery("get", "/api/v1/runs", { params: { query: { limit: 6 } } }, { refetchInterval: 30_000 });
  return (
    <Panel
      title="What ran last"
      aside={<Link to="/runs" search={{}} className="font-semibold text-blue hover:underline">All runs</Link>}
      asked={asked}
      what="The runs"
      isEmpty={(said) => said.items.length === 0}
      empty={{ shows: "Each run will leave a line here.", because: "Nothing has run for this tenant yet." }}
    >
      {({ items }) => (
        <ul className="divide-y divide-line">
          {items.map((run) => (
            <li key={run.id}>
              <Link to="/runs" search={{ run: run.id }} className="grid grid-cols-[1fr_auto] gap-x-4 px-4 py-2.5 hover:bg-sunken sm:grid-cols-[9rem_12rem_1fr_auto]">
                <Mark state={run.state} />
                <span className="col-start-1 font-semibold sm:col-start-auto">
                  {stageName(run.stage)} <span className="text-muted">{run.subject.replaceAll("_", " ")}</span>
                </span>
                <span className="col-start-1 text-muted sm:col-start-auto">{run.error?.what ?? told(run.stage, run.summary)}</span>
                <span className="col-start-2 row-start-1 text-right text-sm text-muted sm:col-start-auto">
                  <Moment at={run.started_at} />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
