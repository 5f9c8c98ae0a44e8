// What ran for this tenant, newest first, run by run or one stage's steps; a step opens with what it did or why it failed.
import { useMemo } from "react";
import { Button } from "@/components/button";
import { Choices } from "@/components/choice";
import { Drawer } from "@/components/drawer";
import { Card, States } from "@/components/panel";
import { RequestRun } from "@/features/runs/request-run";
import { RunLine, StepLine, type RunSearch } from "@/features/runs/run-lines";
import { RunView } from "@/features/runs/run-view";
import { stages } from "@/features/runs/stages";
import { api, type Schemas } from "@/lib/client";
import { told } from "@/lib/run";
import { runsOf } from "@/lib/run-groups";
import { stageName } from "@/lib/words";

export function RunList({ search, onSearch }: { search: RunSearch; onSearch: (search: RunSearch) => void }) {
  const asked = api.useInfiniteQuery(
    "get",
    "/api/v1/runs",
    { params: { query: { limit: 200 } } },
    { pageParamName: "cursor", initialPageParam: null, getNextPageParam: (last: Schemas["RunList"]) => last.next, refetchInterval: 15_000 },
  );
  const pages = asked.data?.pages;
  const all = useMemo(() => pages?.flatMap((page) => page.items) ?? [], [pages]);
  const shown = all.filter((step) => !search.stage || (search.stage === "failed" ? step.state === "failed" : step.stage === search.stage));
  const open = search.run ? all.find((step) => step.id === search.run) : undefined;
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Choices label="Stage" all={stages(all)} chosen={search.stage ?? ""} onChoose={(stage) => onSearch({ stage: stage || undefined })} />
        <RequestRun />
      </div>
      <Card>
        <States asked={{ ...asked, data: pages }} what="The runs" isEmpty={() => shown.length === 0} empty={{ shows: "Each run leaves a line here, with its steps by stage.", because: search.stage ? "Nothing of this kind has run." : "Nothing has run for this tenant yet." }}>
          {() => (
            <>
              <ul className="divide-y divide-line">
                {search.stage ? shown.map((step) => <StepLine key={step.id} step={step} search={search} />) : runsOf(shown).map((run) => <RunLine key={run.key} run={run} search={search} />)}
              </ul>
              {asked.hasNextPage && (
                <p className="border-t border-line p-3 text-center">
                  <Button disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
                    Show older
                  </Button>
                </p>
              )}
            </>
          )}
        </States>
      </Card>
      {open && (
        <Drawer open onClose={() => onSearch({ stage: search.stage, open: search.open })} title={`${stageName(open.stage)} ${open.subject.replaceAll("_", " ")}`.trim()} about={told(open.stage, open.summary) || "What this step did."}>
          <RunView run={open} />
        </Drawer>
      )}
    </>
  );
}
