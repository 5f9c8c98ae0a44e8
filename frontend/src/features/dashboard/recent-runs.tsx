// The last runs, as lines that lead to them.
import { Link } from "@tanstack/react-router";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { api } from "@/lib/client";
import { outcome, runsOf } from "@/lib/run-groups";

const STEPS = 60; // enough for the last few runs
const SHOWN = 4;

export function RecentRuns() {
  const asked = api.useQuery("get", "/api/v1/runs", { params: { query: { limit: STEPS } } }, { refetchInterval: 30_000 });
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
          {runsOf(items).slice(0, SHOWN).map((run) => (
            <li key={run.key}>
              <Link to="/runs" search={{ open: run.key }} className="grid grid-cols-[1fr_auto] gap-x-4 px-4 py-2.5 hover:bg-sunken sm:grid-cols-[8rem_1fr_auto]">
                <Mark state={run.state} />
                <span className={`col-start-1 sm:col-start-auto ${run.state === "failed" ? "text-red" : "text-muted"}`}>{outcome(run)}</span>
                <span className="col-start-2 row-start-1 text-right text-sm text-muted sm:col-start-auto">
                  <Moment at={run.startedAt} />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
