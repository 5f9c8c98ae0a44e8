// What an API key may do of what its maker may, as choices and as words.
export const KINDS = [
  { value: "read:*", word: "Read everything that you may read" },
  { value: "*:*", word: "Everything that you may do, but for people, keys and masks" },
  { value: "some", word: "Only some of it" },
] as const;

export type Kind = (typeof KINDS)[number]["value"];

// What programs have use for; what only people may do is refused to every key, whatever its scopes.
const VERBS = ["read", "decide", "ask", "export"];

/** Those that a key can be given one by one, of what its maker may. */
export const choosable = (may: string[]): string[] => may.filter((one) => VERBS.includes(one.split(":")[0] ?? "") && !/:(tenants|orchestrator)$/.test(one));

export const chosen = (kind: Kind, some: string[]): string[] => (kind === "some" ? some : [kind]);

/** `read:*` → `read everything`; `decide:proposals` → `decide proposals`. */
export function spoken(scope: string): string {
  const [verb = "", noun = ""] = scope.split(":");
  return `${verb === "*" ? "do everything with" : verb} ${noun === "*" ? "everything" : noun}`.replace("do everything with everything", "everything its maker may");
}
