// A change as a person edits it: a column or an expression, with the other words of the change kept.
export interface Draft {
  column: string;
  expr: string;
}

export type Edited = Record<string, unknown>;

const text = (value: unknown) => (typeof value === "string" ? value : "");

/** A proposal about a whole stream names its key; one about a field names the column that feeds it. */
const slot = (field: string | null) => (field === null ? "key" : "from");

export const draftOf = (change: Edited, field: string | null): Draft => ({ column: text(change[slot(field)]), expr: text(change.expr) });

/** One source for the field, or a reason in words why it is none. */
export function changeOf(draft: Draft, change: Edited, field: string | null): { change: Edited } | { problem: string } {
  const column = draft.column.trim();
  const expr = draft.expr.trim();
  if (column !== "" && expr !== "") return { problem: "Choose a column or write an expression, not both." };
  if (column === "" && expr === "") return { problem: "Choose a column, or write an expression." };
  const kept = Object.fromEntries(Object.entries(change).filter(([name]) => name !== slot(field) && name !== "expr"));
  return { change: column === "" ? { ...kept, expr } : { ...kept, [slot(field)]: column } };
}

/** Without a column or an expression there is nothing to approve: a person must say it first. */
export const isComplete = (change: Edited, field: string | null) => field === null || text(change.from) !== "" || text(change.expr) !== "";
