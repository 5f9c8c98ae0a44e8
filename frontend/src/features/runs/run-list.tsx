// What ran for this tenant, newest first, by stage; a run opens with what it did or why it failed.
import { Link } from "@tanstack/react-router";
import { Choices } from "@/components/choice";
import { Drawer } from "@/components/drawer";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Card, States } from "@/components/panel";
import { RequestRun } from "@/features/runs/request-run";
import { RunView } from "@/features/runs/run-view";
import { stages } from "@/features/runs/stages";
import { api } from "@/lib/client";
import { told } from "@/lib/run";
import { lasted } from "@/lib/time";
import { named, stageName } from "@/lib/words";

export interface RunSearch {
  stage?: string | undefined;
  run?: string | undefined;
}

export function RunList({ search, onSearch }: { search: RunSearch; onSearch: (search: RunSearch) => void }) {
  const asked = api.useQuery("get", "/api/v1/runs", { params: { query: { limit: 500 } } }, { refetchInterval: 15_000 });
  const all = asked.data?.items ?? [];
  const shown = all.filter((run) => !search.stage || (search.stage === "failed" ? run.state === "failed" : run.stage === search.stage));
  const open = search.run ? all.find((run) => run.id === search.run) : undefined;
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Choices label="Stage" all={stages(all)} chosen={search.stage ?? ""} onChoose={(stage) => onSearch({ stage: stage || undefined })} />
        <RequestRun />
      </div>
      <Card>
        <States asked={asked} what="The runs" isEmpty={() => shown.length === 0} empty={{ shows: "Each stage of each run leaves a line here.", because: search.stage ? "Nothing of this kind has run." : "Nothing has run for this tenant yet." }}>
          {() => (
            <ul className="divide-y divide-line">
              {shown.map((run) => (
                <li key={run.id}>
                  <Link to="/runs" search={{ ...search, run: run.id }} className="grid grid-cols-[1fr_auto] items-baseline gap-x-4 gap-y-0.5 px-4 py-2.5 hover:bg-sunken md:grid-cols-[7rem_16rem_1fr_auto_6rem]">
                    <Mark state={run.state} />
                    <span className="col-start-1 font-semibold md:col-start-auto">
                      {stageName(run.stage)} {run.subject && <span className="text-muted">{named(run.subject).toLowerCase()}</span>}
                    </span>
                    <span className={`col-span-2 md:col-span-1 ${run.error ? "text-red" : "text-muted"}`}>{run.error?.what ?? told(run.stage, run.summary)}</span>
                    <span className="col-start-2 row-start-1 text-right text-sm text-muted md:col-start-auto md:row-start-auto"><Moment at={run.started_at} /></span>
                    <span className="hidden text-right text-sm text-muted tabular-nums md:block">{lasted(run.started_at, run.ended_at)}</span>
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </States>
      </Card>
      {open && (
        <Drawer open onClose={() => onSearch({ stage: search.stage })} title={`${stageName(open.stage)} ${open.subject.replaceAll("_", " ")}`.trim()} about={told(open.stage, open.summary) || "What this run did."}>
          <RunView run={open} />
        </Drawer>
      )}
    </>
  );
}
