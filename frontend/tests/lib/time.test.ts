// Moments and durations in words.
import { expect, test } from "vitest";
import { ago, due, lasted } from "@/lib/time";

const NOW = Date.parse("2026-03-02T12:00:00Z");

test.each([
  ["2026-03-02T11:59:40Z", "just now"],
  ["2026-03-02T11:56:00Z", "4 min ago"],
  ["2026-03-02T09:30:00Z", "2 h ago"],
  ["2026-03-01T11:00:00Z", "1 day ago"],
  ["2026-02-20T12:00:00Z", "10 days ago"],
  ["2024-03-02T12:00:00Z", "2 years ago"],
  ["2026-03-02T14:30:00Z", "in 2 h"],
])("%s is %s", (at, said) => {
  expect(ago(at, NOW)).toBe(said);
});

test.each([
  ["2026-03-02T14:30:00Z", "in 2 h"],
  ["2026-03-02T12:00:40Z", "any moment"],
  ["2026-03-02T11:59:40Z", "any moment"],
  ["2026-03-02T11:55:00Z", "due 5 min ago"],
])("what is planned for %s is %s", (at, said) => {
  expect(due(at, NOW)).toBe(said);
});

test.each([
  ["2026-03-02T12:00:00.250Z", "250 ms"],
  ["2026-03-02T12:00:02.500Z", "2.5 s"],
  ["2026-03-02T12:03:05Z", "3 min 5 s"],
  ["2026-03-02T14:05:00Z", "2 h 5 min"],
])("what ended at %s lasted %s", (to, said) => {
  expect(lasted("2026-03-02T12:00:00Z", to)).toBe(said);
});

test("what has not ended is still running", () => {
  expect(lasted("2026-03-02T12:00:00Z", null)).toBe("still running");
});
