// The live dot: green and pulsing only where the answer itself says so.
import type { Liveness } from "@/lib/freshness";

const LOOK = {
  live: "bg-green text-green motion-safe:animate-pulse-dot",
  demo: "bg-amber text-amber",
  stale: "bg-muted text-muted",
};
const INK = { live: "text-green", demo: "text-amber", stale: "text-muted" };

export function LiveDot({ said }: { said: Liveness }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-sm font-semibold whitespace-nowrap" title={said.reason} data-live={said.kind}>
      <span aria-hidden className={`size-2 rounded-full ${LOOK[said.kind]}`} />
      <span className={INK[said.kind]}>{said.word}</span>
      <span className="sr-only">{said.reason}</span>
    </span>
  );
}
