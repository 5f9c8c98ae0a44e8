// The way of a connection until it is active: its states in order, in words, and where one that stopped stands.
import type { Schemas } from "@/lib/client";
import { count, plural } from "@/lib/numbers";

type Intent = Schemas["Intent"];
export type OnboardingState = Intent["state"];

export interface StateWords {
  state: OnboardingState;
  word: string;
  means: string;
}

export const WAY: StateWords[] = [
  { state: "received", word: "Received", means: "Somebody, a list or a discovery asked for it." },
  { state: "allowed", word: "Allowed", means: "This kind of source may be connected here." },
  { state: "credentialed", word: "Credentials given", means: "What the source asks for is there, sealed." },
  { state: "reachable", word: "Reached", means: "The source was really asked, and answered." },
  { state: "safe", word: "Safe", means: "The credentials cannot change the source, as far as it can tell." },
  { state: "discovered", word: "Streams found", means: "Its tables, objects or files are known." },
  { state: "sampled", word: "First rows read", means: "At most 20 rows of a stream were looked at; nothing is published." },
  { state: "suggested", word: "Mapping suggested", means: "What its columns mean was worked out from names, types and values." },
  { state: "active", word: "Active", means: "It is read by the schedule." },
];

export const wordOf = (state: string): string => WAY.find((one) => one.state === state)?.word ?? state;

/** Nothing is wrong with it: a person says whether it begins. */
export const waitsForWord = ({ stuck }: Pick<Intent, "stuck">): boolean => stuck?.code === "needs_a_decision";

export interface OnboardingStep extends StateWords {
  standing: "done" | "stuck" | "decide" | "next" | "later";
  found: string; // what the step found, empty where it has nothing to say
}

/** Each state of the way; the one after the last reached is where it is stuck, or next. */
export function stepsOf(intent: Pick<Intent, "state" | "stuck" | "found">): OnboardingStep[] {
  const reached = WAY.findIndex((one) => one.state === intent.state);
  return WAY.map((one, at) => ({
    ...one,
    standing: at <= reached ? "done" : at > reached + 1 ? "later" : !intent.stuck ? "next" : waitsForWord(intent) ? "decide" : "stuck",
    found: at <= reached ? told(one.state, intent.found) : "",
  }));
}

function told(state: OnboardingState, found: Intent["found"]): string {
  const many = (value: number | null | undefined, one: string) => (typeof value === "number" ? plural(value, one) : "");
  switch (state) {
    case "reachable":
      return found.account ? `as ${found.account}` : "";
    case "safe":
      return found.writable === false ? "may only read" : found.writable === true ? "may write too" : "the source cannot tell";
    case "discovered":
      return many(found.streams, "stream");
    case "sampled":
      return [many(found.rows, "row"), many(found.sampled, "stream")].filter(Boolean).join(" of ");
    case "suggested":
      return many(found.suggested?.reduce((all, one) => all + one.fields.length, 0), "field");
    default:
      return "";
  }
}

/** `9 of 10 eligible are active: 90 %, as promised` */
export function promised(said: Pick<Schemas["OnboardingSeen"], "active" | "eligible" | "share" | "promise">): string {
  if (said.eligible === 0) return "Nothing waits for onboarding.";
  const share = said.share ?? said.active / said.eligible;
  return `${count(said.active)} of ${count(said.eligible)} eligible ${said.active === 1 ? "is" : "are"} active: ${Math.floor(share * 100)} %, ${share >= said.promise ? "as promised" : `below the promise of ${Math.round(said.promise * 100)} %`}.`;
}
