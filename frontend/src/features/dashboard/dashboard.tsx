// The dashboard: a sentence, what needs you, the flow with both balances, figures, and what ran.
import { Flow } from "@/features/dashboard/flow-strip";
import { Figures } from "@/features/dashboard/figure-cards";
import { Needs } from "@/features/dashboard/needs";
import { RecentRuns } from "@/features/dashboard/recent-runs";
import { needs, sentence } from "@/features/dashboard/sentence";
import { useTold } from "@/features/dashboard/told";
import { useNow } from "@/lib/clock";

export function Dashboard() {
  const now = useNow();
  const { told, flow } = useTold();
  return (
    <>
      <p className="max-w-prose pt-1 text-xl font-semibold sm:text-2xl" role="status" data-dashboard="sentence">
        {told.data ? sentence(told.data, now) : told.error ? "Not everything could be read." : "Reading …"}
      </p>
      <div className="grid items-start gap-4 lg:grid-cols-[2fr_1fr]">
        <Flow asked={flow} />
        <Needs asked={told} all={told.data ? needs(told.data) : []} />
      </div>
      <Figures />
      <RecentRuns />
    </>
  );
}
