// What the list of runs can be narrowed to: the stages in the order in which data flows, and what failed.
import type { Choice } from "@/components/choice";
import type { Schemas } from "@/lib/client";
import { STAGES, stageName } from "@/lib/words";

export const KINDS: Choice<string>[] = [
  { key: "", word: "All runs" },
  ...Object.keys(STAGES).map((stage) => ({ key: stage, word: stageName(stage) })),
  { key: "failed", word: "Failed" },
];

/** What the server is asked for, so that it reaches steps of any age. */
export const askedFor = (kind: string | undefined): { stage?: string; state?: Schemas["RunSeen"]["state"] } =>
  kind === undefined ? {} : kind === "failed" ? { state: "failed" } : { stage: kind };

export function nothingOf(kind: string | undefined): string {
  if (kind === undefined) return "Nothing has run for this tenant yet.";
  return kind === "failed" ? "No step has failed." : "Nothing of this kind has run yet.";
}
