// Figures in the groups in which they are looked at.
import type { Schemas } from "@/lib/client";

type Metric = Schemas["MetricSeen"];
export interface Group {
  entity: string;
  metrics: Metric[];
}

/** By entity, in the builder's order; money first, since it is what is asked for. */
export function groups(metrics: Metric[]): Group[] {
  const entities = [...new Set(metrics.map((one) => one.entity))];
  return entities.map((entity) => {
    const own = metrics.filter((one) => one.entity === entity);
    return { entity, metrics: [...own.filter((one) => one.unit === "money"), ...own.filter((one) => one.unit !== "money")] };
  });
}
