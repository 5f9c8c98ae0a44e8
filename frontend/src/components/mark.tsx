// A state as an icon and a word: colour is never alone.
import { AlertTriangle, Ban, Check, CircleDashed, CircleDot, Clock, KeyRound, Pause, X, type LucideIcon } from "lucide-react";
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
  cancelled: { tone: "muted", icon: Ban, word: "cancelled" },
  done: { tone: "green", icon: Check, word: "done" },
  reading: { tone: "blue", icon: CircleDashed, word: "reading" },
  onboarding: { tone: "blue", icon: CircleDashed, word: "being set up" },
  stuck: { tone: "amber", icon: AlertTriangle, word: "stuck" },
  unauthorised: { tone: "amber", icon: KeyRound, word: "needs re-authorising" },
  fresh: { tone: "green", icon: Check, word: "fresh" },
  late: { tone: "amber", icon: Clock, word: "late" },
  paused: { tone: "muted", icon: Pause, word: "paused" },
  superseded: { tone: "muted", icon: Clock, word: "superseded" },
  balanced: { tone: "green", icon: Check, word: "balanced" },
  unbalanced: { tone: "red", icon: AlertTriangle, word: "does not balance" },
  expired: { tone: "muted", icon: Clock, word: "expired" },
  accepted: { tone: "green", icon: Check, word: "accepted" },
  revoked: { tone: "muted", icon: Ban, word: "revoked" },
  disabled: { tone: "amber", icon: Ban, word: "disabled" },
  suspended: { tone: "amber", icon: Pause, word: "suspended" },
  erased: { tone: "red", icon: Ban, word: "erased" },
  on: { tone: "green", icon: Check, word: "on" },
  off: { tone: "muted", icon: X, word: "off" },
  here: { tone: "green", icon: Check, word: "this one" },
  quota_near: { tone: "amber", icon: AlertTriangle, word: "nearly used up" },
  quota_full: { tone: "red", icon: Ban, word: "used up" },
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
