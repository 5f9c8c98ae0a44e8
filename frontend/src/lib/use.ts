// What a tenant uses of what it may, as words and as a share.
import type { Schemas } from "@/lib/client";
import { count } from "@/lib/numbers";

type Use = Schemas["UseSeen"];

export const USES: Record<Use["name"], { name: string; means: string }> = {
  connections: { name: "Connections", means: "Systems that are connected." },
  rows: { name: "Rows", means: "Rows that were landed." },
  language_model_spend: { name: "Language model", means: "What asking language models cost." },
};

/** Spend is counted in millionths of a dollar, so that nothing is rounded while it is summed. */
export const amount = (name: Use["name"], many: number): string =>
  name === "language_model_spend" ? `${(many / 1_000_000).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} USD` : count(many);

export const share = ({ used, most }: Pick<Use, "used" | "most">): number | null => (most === null ? null : most === 0 ? 1 : Math.min(1, used / most));

export function standing(use: Pick<Use, "used" | "most">): "unlimited" | "within" | "near" | "full" {
  const part = share(use);
  if (part === null) return "unlimited";
  return part >= 1 ? "full" : part >= 0.8 ? "near" : "within";
}
