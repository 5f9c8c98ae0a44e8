// What somebody changes of a stream, told apart from what stands: only that is sent, and whether it reads the stream anew is said first.
import type { Schemas } from "@/lib/client";

type Stream = Schemas["StreamDetail"];
export type Treatment = "keep" | "hash" | "omit";
export type DeleteMode = "exact" | "periodic" | "unknown";

export interface Policy {
  selected: boolean;
  key: string[];
  cursor: string;
  deletes: DeleteMode;
  treated: Record<string, Treatment>;
}

export const TREATMENTS: { value: Treatment; word: string; means: string }[] = [
  { value: "keep", word: "Keep", means: "Lands as the source sends it." },
  { value: "hash", word: "Hash", means: "A code made with a secret of this tenant lands instead: equal values stay equal and can be joined, and nobody reads them." },
  { value: "omit", word: "Leave out", means: "Is never written here." },
];

export const DELETES: Record<DeleteMode, { word: string; means: string }> = {
  exact: { word: "In each reading", means: "each complete reading shows what is gone" },
  periodic: { word: "Now and then", means: "when all keys are compared" },
  unknown: { word: "Not seen", means: "this stream is read from where it ended, and the source does not tell what is gone" },
};

export const policyOf = (stream: Stream): Policy => ({
  selected: stream.selected,
  key: [...stream.key],
  cursor: stream.cursor_column ?? "",
  deletes: stream.delete_mode as DeleteMode,
  treated: Object.fromEntries(columnsOf(stream).map((name) => [name, stream.treated[name] ?? "keep"])),
});

/** Every column that is known, those left out too: they are no longer among what lands. */
export const columnsOf = (stream: Pick<Stream, "columns" | "treated">): string[] => [...new Set([...stream.columns.map((one) => one.name), ...Object.keys(stream.treated)])];

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

export function changeOf(stream: Stream, policy: Policy): Schemas["StreamChange"] {
  const before = policyOf(stream);
  const treated = Object.fromEntries(Object.entries(policy.treated).filter(([name, way]) => before.treated[name] !== way));
  return {
    ...(policy.selected === before.selected ? {} : { selected: policy.selected }),
    ...(same(policy.key, before.key) ? {} : { key: policy.key }),
    ...(policy.cursor === before.cursor ? {} : { cursor_column: policy.cursor === "" ? null : policy.cursor }),
    ...(policy.deletes === before.deletes ? {} : { delete_mode: policy.deletes }),
    ...(Object.keys(treated).length > 0 ? { treated } : {}),
  };
}

/** Another key or another treatment makes what landed unlike what will land: the stream is read from its beginning. */
export const readsAnew = (change: Schemas["StreamChange"]): boolean => (change.key ?? null) !== null || (change.treated ?? null) !== null;

/** Why a policy cannot be, or empty: a key must be kept. */
export function wrongWith(policy: Policy): string {
  const left = policy.key.find((name) => policy.treated[name] === "omit");
  if (left) return `${left} is part of the key: it can be hashed, and not left out.`;
  if (policy.cursor !== "" && (policy.treated[policy.cursor] ?? "keep") !== "keep") return `The stream grows by ${policy.cursor}: it must be kept as it is.`;
  return "";
}
