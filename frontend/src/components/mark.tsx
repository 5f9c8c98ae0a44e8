// A state as an icon and a word: colour is never alone.
import { AlertTriangle, Ban, Check, CircleDashed, CircleDot, Clock, Pause, X, type LucideIcon } from "lucide-react";
import { INK, type Tone } from "@/components/tone";

const STATES: Record<string, { tone: Tone; icon: LucideIcon; word: string }> = {
  succeeded: { tone: "green", icon: Check, word: "succeeded" },
  failed: { tone: "red", icon: X, word: "failed" },
  put_off: { tone: "muted", icon: Clock, word: "put off" },
  running: { tone: "blue", icon: CircleDashed, word: "running" },
  open: { tone: "purple", icon: CircleDot, word: "waits for you" },
  approved: { tone: "green", icon: Check, word: "approved" },
  stated: { tone: "green", icon: Check, word: "stated" },
  rejected: { tone: "red", icon: X, word: "rejected" },
  withdrawn: { tone: "muted", icon: Ban, word: "withdrawn" },
  active: { tone: "green", icon: Check, word: "active" },
  held: { tone: "amber", icon: Pause, word: "held" },
  paused: { tone: "muted", icon: Pause, word: "paused" },
  superseded: { tone: "muted", icon: Clock, word: "superseded" },
  balanced: { tone: "green", icon: Check, word: "balanced" },
  unbalanced: { tone: "red", icon: AlertTriangle, word: "does not balance" },
  stale: { tone: "amber", icon: AlertTriangle, word: "a newer row waits in quarantine" },
};

export const MARKS = Object.keys(STATES);

export function Mark({ state, word }: { state: string; word?: string }) {
  const said = STATES[state] ?? { tone: "muted" as const, icon: CircleDot, word: state };
  const Icon = said.icon;
  return (
    <span className={`inline-flex items-center gap-1 font-semibold whitespace-nowrap ${INK[said.tone]}`}>
      <Icon size="1em" strokeWidth={2.5} aria-hidden />
      <span className="self-baseline">{word ?? said.word}</span>
    </span>
  );
}
