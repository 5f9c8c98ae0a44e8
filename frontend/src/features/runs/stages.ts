// The stages in the order in which data flows, with how many steps of each there are.
import type { Choice } from "@/components/choice";
import type { Schemas } from "@/lib/client";
import { STAGES, stageName } from "@/lib/words";

export function stages(runs: Schemas["RunSeen"][]): Choice<string>[] {
  const order = Object.keys(STAGES);
  const present = [...new Set(runs.map((run) => run.stage))].sort((one, other) => place(order, one) - place(order, other));
  const failed = runs.filter((run) => run.state === "failed").length;
  return [
    { key: "", word: "All runs" },
    ...present.map((stage) => ({ key: stage, word: stageName(stage), count: runs.filter((run) => run.stage === stage).length })),
    ...(failed > 0 ? [{ key: "failed", word: "Failed", count: failed }] : []),
  ];
}

const place = (order: string[], stage: string) => (order.includes(stage) ? order.indexOf(stage) : order.length);
