// Names of the ontology and of states as words on the screen.
/** `employee_count` → `Employee count`; a name of the source's own is never touched by this. */
export function named(name: string): string {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const SOURCES: Record<string, string> = { files: "Files", mongodb: "MongoDB", postgres: "Postgres", salesforce: "Salesforce" };
export const sourceName = (source: string) => SOURCES[source] ?? named(source);

export const STAGES: Record<string, string> = {
  raw: "Landing",
  fingerprints: "Fingerprints",
  mappings: "Mappings",
  events: "Canonical events",
  warehouse: "Unified views",
};
export const stageName = (stage: string) => STAGES[stage] ?? named(stage);

/** Who made a decision or a mapping: a person by name, or the rules themselves. */
export const madeBy = (by: string | null) => (by === null || by === "auto" ? "applied by rule" : by);

/** With a full stop at its end, so that another sentence may follow. */
export const stopped = (sentence: string): string => (/[.!?]$/.test(sentence) || sentence === "" ? sentence : `${sentence}.`);
