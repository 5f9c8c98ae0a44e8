// A limit as it is typed and as it is kept: spend is typed in dollars and kept in millionths of one.
import type { Schemas } from "@/lib/client";
import { grouped } from "@/lib/numbers";

type Name = Schemas["UseSeen"]["name"];
const NUMBER = /^(\d+)(?:\.(\d{1,6}))?$/;

export function textOf(name: Name, most: number | null): string {
  if (most === null) return "";
  return name === "language_model_spend" ? (most / 1_000_000).toFixed(2) : grouped(String(most));
}

/** Null where nothing is typed: no limit; undefined where it is no number. */
export function limitOf(name: Name, text: string): number | null | undefined {
  const said = text.replaceAll(/[,\s]/g, "");
  if (said === "") return null;
  const parts = NUMBER.exec(said);
  if (!parts) return undefined;
  const [, whole = "", fraction = ""] = parts;
  if (name === "language_model_spend") return Number(whole) * 1_000_000 + Number(fraction.padEnd(6, "0") || "0");
  return fraction === "" ? Number(whole) : undefined;
}
