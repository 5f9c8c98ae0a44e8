// The present moment as something that components can follow.
import { useSyncExternalStore } from "react";

const STEP = 15_000; // milliseconds
const listeners = new Set<() => void>();
let now = Date.now();
let timer: number | undefined;

function listen(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, STEP);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

/** Moves on every 15 seconds, for all who look at once. */
export const useNow = () => useSyncExternalStore(listen, () => now);
