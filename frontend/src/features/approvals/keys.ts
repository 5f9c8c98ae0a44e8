// What a key does in the inbox: a pure decision on the key and on what is open.
export type Step = { kind: "select"; id: string } | { kind: "approve" } | { kind: "reject" } | { kind: "edit" } | null;

export interface Inbox {
  ids: string[];
  selected: string | undefined;
  mayDecide: boolean; // the person, and the proposal is open
}

export function stepOf(key: string, inbox: Inbox): Step {
  const at = inbox.selected === undefined ? -1 : inbox.ids.indexOf(inbox.selected);
  const moved = (to: number): Step => {
    const id = inbox.ids[Math.min(inbox.ids.length - 1, Math.max(0, to))];
    return id !== undefined && id !== inbox.selected ? { kind: "select", id } : null;
  };
  switch (key) {
    case "j":
      return moved(at + 1);
    case "k":
      return moved(at === -1 ? 0 : at - 1);
    case "a":
      return inbox.mayDecide ? { kind: "approve" } : null;
    case "r":
      return inbox.mayDecide ? { kind: "reject" } : null;
    case "e":
      return inbox.mayDecide ? { kind: "edit" } : null;
    default:
      return null;
  }
}

/** The one to show after a decision: the next in line, else the one before. */
export function after(ids: string[], decided: string): string | undefined {
  const at = ids.indexOf(decided);
  return ids[at + 1] ?? ids[at - 1];
}

/** Keys pressed while writing, or with a modifier, are not meant for the inbox. */
export const isTyping = (target: EventTarget | null) => target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
