// The drawer of one step, asked for by its id: an address leads to it however long ago it ran.
import { Drawer } from "@/components/drawer";
import { States } from "@/components/panel";
import { RunView } from "@/features/runs/run-view";
import { api } from "@/lib/client";
import { told } from "@/lib/run";
import { stageName } from "@/lib/words";

export function StepDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const asked = api.useQuery("get", "/api/v1/runs/{step_id}", { params: { path: { step_id: id } } }, { refetchInterval: (query) => (query.state.data?.state === "running" ? 5_000 : false) });
  const step = asked.data;
  const title = step ? `${stageName(step.stage)} ${step.subject.replaceAll("_", " ")}`.trim() : "A step of a run";
  return (
    <Drawer open onClose={onClose} title={title} about={(step && told(step.stage, step.summary)) || "What this step did."}>
      <States asked={asked} what="The step" empty={{ shows: "", because: "" }}>
        {(found) => <RunView run={found} />}
      </States>
    </Drawer>
  );
}
