// What changed between two looks at a stream: columns that came, went or changed their type.
import type { Schemas } from "@/lib/client";

export interface Changed {
  came: string[];
  gone: string[];
  retyped: string[];
}

export function changed(older: Schemas["FingerprintSeen"] | undefined, newer: Schemas["FingerprintSeen"]): Changed | null {
  if (!older || older.shape === newer.shape) return null;
  const before = new Map(older.fields.map((field) => [field.name, field.inferred]));
  const after = new Map(newer.fields.map((field) => [field.name, field.inferred]));
  return {
    came: [...after.keys()].filter((name) => !before.has(name)),
    gone: [...before.keys()].filter((name) => !after.has(name)),
    retyped: [...after].filter(([name, type]) => before.has(name) && before.get(name) !== type).map(([name, type]) => `${name}: ${before.get(name) ?? "unknown"} → ${type ?? "unknown"}`),
  };
}
