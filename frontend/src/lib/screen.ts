// How wide the screen is, where a component must differ and not only look different.
import { useSyncExternalStore } from "react";

const NARROW = "(max-width: 767px)";

function listen(listener: () => void): () => void {
  const query = window.matchMedia(NARROW);
  query.addEventListener("change", listener);
  return () => {
    query.removeEventListener("change", listener);
  };
}

export const useNarrow = () => useSyncExternalStore(listen, () => window.matchMedia(NARROW).matches);
