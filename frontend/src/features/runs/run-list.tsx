// What ran for this tenant, newest first, run by run or one stage's steps; a step opens with what it did or why it failed.
import { Button } from "@/components/button";
import { Choices } from "@/components/choice";
import { Card, States } from "@/components/panel";
import { RequestRun } from "@/features/runs/request-run";
import { RunLine, StepLine, type RunSearch } from "@/features/runs/run-lines";
import { StepDrawer } from "@/features/runs/step-drawer";
import { askedFor, KINDS, nothingOf } from "@/features/runs/stages";
import { api, type Schemas } from "@/lib/client";
import { runsOf } from "@/lib/run-groups";

export function RunList({ search, onSearch }: { search: RunSearch; onSearch: (search: RunSearch) => void }) {
  const asked = api.useInfiniteQuery(
    "get",
    "/api/v1/runs",
    { params: { query: { limit: 200, ...askedFor(search.stage) } } },
    { pageParamName: "cursor", initialPageParam: null, getNextPageParam: (last: Schemas["RunList"]) => last.next, refetchInterval: 15_000 },
  );
  const steps = asked.data?.pages.flatMap((page) => page.items);
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Choices label="Stage" all={KINDS} chosen={search.stage ?? ""} onChoose={(stage) => onSearch({ stage: stage || undefined })} />
        <RequestRun />
      </div>
      <Card>
        <States asked={{ ...asked, data: steps }} what="The runs" isEmpty={(all) => all.length === 0} empty={{ shows: "Each run leaves a line here, with its steps by stage.", because: nothingOf(search.stage) }}>
          {(all) => (
            <>
              <ul className="divide-y divide-line">
                {search.stage ? all.map((step) => <StepLine key={step.id} step={step} search={search} />) : runsOf(all).map((run) => <RunLine key={run.key} run={run} search={search} />)}
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
      {search.run && <StepDrawer id={search.run} onClose={() => onSearch({ stage: search.stage, open: search.open })} />}
    </>
  );
}
