// Which of its states a panel is in, decided from the query alone.
import { troubleOf, type Trouble } from "@/lib/trouble";

export interface Asked<Data> {
  data: Data | undefined;
  error: unknown;
  isPending: boolean;
}

export type PanelState<Data> =
  | { kind: "loading" }
  | { kind: "not_allowed"; trouble: Trouble }
  | { kind: "error"; trouble: Trouble }
  | { kind: "empty" }
  | { kind: "full"; data: Data; late: Trouble | null };

export function panelState<Data>(asked: Asked<Data>, isEmpty: (data: Data) => boolean): PanelState<Data> {
  const trouble = asked.error ? troubleOf(asked.error) : null;
  if (trouble?.status === 403) return { kind: "not_allowed", trouble };
  if (asked.data !== undefined) {
    // What was read before stays on the screen, and says that it could not be renewed.
    return isEmpty(asked.data) ? { kind: "empty" } : { kind: "full", data: asked.data, late: trouble };
  }
  return trouble ? { kind: "error", trouble } : { kind: "loading" };
}
