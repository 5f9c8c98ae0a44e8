// Steps gathered into the runs that they belong to, and each run's state and outcome in words.
import type { Schemas } from "@/lib/client";
import { count, plural } from "@/lib/numbers";
import { named } from "@/lib/words";

export type Step = Schemas["RunSeen"];

export interface Run {
  key: string;
  state: Step["state"];
  startedAt: string;
  endedAt: string | null; // null while a step of it runs
  steps: Step[]; // newest first
}

const WORST: Step["state"][] = ["failed", "running", "put_off", "succeeded"];

/** Runs, the newest first; a step without a run stands for itself. */
export function runsOf(steps: Step[]): Run[] {
  const byRun = new Map<string, Step[]>();
  for (const step of steps) {
    const key = step.run ?? step.id;
    byRun.set(key, [...(byRun.get(key) ?? []), step]);
  }
  return [...byRun].map(([key, own]) => {
    const ends = own.map((step) => step.ended_at);
    return {
      key,
      state: stateOf(own),
      startedAt: own.map((step) => step.started_at).reduce((one, other) => (one < other ? one : other)),
      endedAt: ends.reduce((one, other) => (one === null || other === null ? null : one > other ? one : other)),
      steps: own,
    };
  });
}

/** The worst of what its stages came to: one that began again counts as it ended last. */
function stateOf(steps: Step[]): Step["state"] {
  const last = new Map<string, Step>();
  for (const step of steps) {
    const name = `${step.stage}/${step.subject}`;
    if (!last.has(name)) last.set(name, step);
  }
  const states = [...last.values()].map((step) => step.state);
  return WORST.find((state) => states.includes(state)) ?? "succeeded";
}

/** What a run brought, in one line; what failed, where something did. */
export function outcome(run: Run): string {
  const failed = run.steps.find((step) => step.state === "failed");
  if (run.state === "failed" && failed) return failed.error?.what ?? "It ended without saying why.";
  const waits = run.steps.find((step) => step.state === "put_off");
  if (run.state === "put_off" && waits) return putOff(waits);
  const parts = [landed(run.steps), published(run.steps)].filter((part) => part !== null);
  return named(parts.length > 0 ? parts.join(", ") : plural(run.steps.length, "step"));
}

/** Why a step begins again, which nobody needs to see to. */
export const putOff = (step: Step) => `${step.error?.what ?? "Another worker was at it"}; it tries again by itself`;

function landed(steps: Step[]): string | null {
  const read = steps.filter((step) => step.stage === "raw" && step.state === "succeeded");
  if (read.length === 0) return null;
  const rows = read.flatMap((step) => (Array.isArray(step.summary.streams) ? (step.summary.streams as unknown[]) : [])).reduce<number>((sum, one) => sum + landedOf(one), 0);
  return `${plural(new Set(read.map((step) => step.subject)).size, "connection")} read, ${rows === 0 ? "nothing new" : `${count(rows)} new ${rows === 1 ? "row" : "rows"}`}`;
}

const landedOf = (one: unknown) => (typeof one === "object" && one !== null && "landed" in one && typeof one.landed === "number" ? one.landed : 0);

function published(steps: Step[]): string | null {
  const step = steps.find((one) => one.stage === "warehouse" && one.state === "succeeded");
  if (!step) return null;
  return step.summary.new === true ? "a new version published" : "no new version needed";
}
