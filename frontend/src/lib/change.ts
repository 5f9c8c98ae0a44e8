// A change of a mapping as lines, in the words of the mapping's own document.
export interface Line {
  kind: "kept" | "removed" | "added";
  text: string;
}

/** Only what a decision is about: who decided and on what evidence stands beside it. */
const ASIDE = new Set(["by", "evidence", "confidence"]);

export function documentLines(said: unknown, indent = ""): string[] {
  if (said === null || said === undefined) return [];
  if (typeof said === "string") return indent === "" ? [`from: ${said}`] : [`${indent}${said}`];
  if (typeof said !== "object") return [`${indent}${JSON.stringify(said)}`];
  return Object.entries(said)
    .filter(([name]) => !ASIDE.has(name))
    .flatMap(([name, value]: [string, unknown]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? [`${indent}${name}:`, ...documentLines(value, `${indent}  `)]
        : [`${indent}${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`],
    );
}

export function changeLines(before: unknown, after: unknown): Line[] {
  const old = documentLines(before);
  const next = documentLines(after);
  const lines: Line[] = [];
  let at = 0;
  for (const text of old) {
    const found = next.indexOf(text, at);
    if (found === -1) {
      lines.push({ kind: "removed", text });
      continue;
    }
    lines.push(...next.slice(at, found).map((added) => ({ kind: "added" as const, text: added })), { kind: "kept", text });
    at = found + 1;
  }
  lines.push(...next.slice(at).map((text) => ({ kind: "added" as const, text })));
  return lines.length > 0 ? lines : [{ kind: "kept", text: "(nothing)" }];
}
