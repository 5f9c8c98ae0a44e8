// The balances: what adds up, what does not, and totals over many.
import { expect, test } from "vitest";
import { equation, mappingTotal, readingBalance, readingTotal } from "@/lib/balance";

const reading = { read: 10, landed: 3, unchanged: 6, rejected: 1, balanced: true };
const made = { landed: 5, canonical: 3, quarantined: 1, held: 0, unmapped: 1, duplicate: 0, balanced: true };

test("a balance is an equation in words", () => {
  expect(equation(readingBalance(reading))).toBe("10 read = 3 landed + 6 unchanged + 1 rejected");
});

test("what does not balance says so", () => {
  expect(equation(readingBalance({ ...reading, rejected: 0, balanced: false }))).toContain("≠");
});

test("a total balances only where every part does", () => {
  expect([readingTotal([reading, reading]), readingTotal([reading, { ...reading, balanced: false }])]).toMatchObject([{ rows: 20, balanced: true }, { rows: 20, balanced: false }]);
});

test("the total over mappings counts each share", () => {
  expect(mappingTotal([made, made]).parts.map((part) => part.rows)).toEqual([6, 2, 0, 2, 0]);
});
