// Numbers on the screen: exact, grouped, never through a float.
import { expect, test } from "vitest";
import { count, grouped, money, percent, plural, short } from "@/lib/numbers";

test.each([
  ["1234567.50", "1,234,567.50"],
  ["-1000", "-1,000"],
  ["999", "999"],
  ["12345678901234567890.123456789012345", "12,345,678,901,234,567,890.123456789012345"],
  ["1e5", "1e5"],
  ["n/k", "n/k"],
])("%s is read as %s", (text, said) => {
  expect(grouped(text)).toBe(said);
});

test.each([
  ["20.52022672899", "20.52"],
  ["0.995", "1.00"],
  ["-1.005", "-1.01"],
  ["9007199254740993.129", "9,007,199,254,740,993.13"],
  ["10005534", "10,005,534"],
  ["1.5", "1.5"],
])("%s is shortened to %s without losing a digit on the way", (text, said) => {
  expect(short(text)).toBe(said);
});

test("a small amount is never shown as nothing", () => {
  expect(money("0.0000008", "USD")).toBe("0.0000008 USD");
});

test("an amount stands beside its currency, and without one alone", () => {
  expect([money("1054", "EUR"), money("1054", null)]).toEqual(["1,054 EUR", "1,054"]);
});

test("a share is not rounded up to certainty", () => {
  expect([percent(0.9999), percent(1), percent(0.917), percent(0)]).toEqual(["99.9 %", "100 %", "91.7 %", "0 %"]);
});

test("counts agree with their word", () => {
  expect([count(8800), plural(1, "row"), plural(2, "entity", "entities")]).toEqual(["8,800", "1 row", "2 entities"]);
});
