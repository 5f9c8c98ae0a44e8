// A table of a hundred thousand rows: few are drawn, more are asked for, keys move between them.
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { destination, Grid, nextOrder, type Column, type Order } from "@/components/grid";
import { show } from "../answers";

interface Row {
  id: number;
}
const columns: Column<Row>[] = [
  { key: "id", head: "Record", width: 10, cell: (row) => <a href={`/r/${row.id}`}>record {row.id}</a> },
  { key: "twice", head: "Twice", width: 8, numeric: true, cell: (row) => row.id * 2 },
];
const rows = (number: number): Row[] => Array.from({ length: number }, (_, id) => ({ id }));
const links = () => document.querySelectorAll("tbody tr[data-at]").length;
const none = { has: false, busy: false, load: () => undefined };

test("of 100,000 rows only those in sight are drawn, and the table says how many there are, its head among them", async () => {
  show(<Grid label="Records" columns={columns} rows={rows(100_000)} rowKey={(row) => String(row.id)} total={100_000} more={none} />);
  const table = (await screen.findByText("Twice")).closest("table");
  expect(table?.getAttribute("aria-rowcount")).toBe("100001");
  await waitFor(() => expect(document.querySelectorAll("tbody tr[data-at]").length).toBeGreaterThan(10));
  expect(document.querySelectorAll("tbody tr[data-at]").length).toBeLessThan(60);
});

test("near the end of what was read more is asked for", async () => {
  const load = vi.fn();
  show(<Grid label="Records" columns={columns} rows={rows(25)} rowKey={(row) => String(row.id)} total={null} more={{ has: true, busy: false, load }} />);
  await waitFor(() => expect(load).toHaveBeenCalled());
});

test("arrows and j, k move between the rows", async () => {
  show(<Grid label="Records" columns={columns} rows={rows(30)} rowKey={(row) => String(row.id)} total={30} more={none} />);
  (await screen.findByRole("link", { name: "record 0" })).focus();
  await userEvent.keyboard("{ArrowDown}");
  await waitFor(() => expect(document.activeElement?.textContent).toBe("record 1"));
  await userEvent.keyboard("j");
  await waitFor(() => expect(document.activeElement?.textContent).toBe("record 2"));
  await userEvent.keyboard("k");
  await waitFor(() => expect(document.activeElement?.textContent).toBe("record 1"));
});

test("where it is narrow each row is a card with the same fields", async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener: () => undefined, removeEventListener: () => undefined }));
  show(<Grid label="Records" columns={columns} rows={rows(3)} rowKey={(row) => String(row.id)} total={3} more={none} />);
  await screen.findByText("record 2");
  expect([document.querySelector("table"), screen.getAllByText("Twice").length]).toEqual([null, 3]);
});

test("End leads to the last of 100,000 rows and Home back, and few are drawn at either end", async () => {
  // The tests' own browser does not scroll: the place is set, and said, as one would.
  Element.prototype.scrollTo = function scrollTo(this: Element, to?: ScrollToOptions | number, y?: number) {
    this.scrollTop = typeof to === "object" ? (to.top ?? 0) : (y ?? 0);
    this.dispatchEvent(new Event("scroll"));
  };
  vi.spyOn(Element.prototype, "scrollHeight", "get").mockReturnValue(3_600_036);
  show(<Grid label="Records" columns={columns} rows={rows(100_000)} rowKey={(row) => String(row.id)} total={100_000} more={none} />);
  (await screen.findByRole("link", { name: "record 0" })).focus();
  await userEvent.keyboard("{End}");
  await waitFor(() => expect(document.activeElement?.textContent).toBe("record 99999"));
  expect(links()).toBeLessThan(60);
  await userEvent.keyboard("{Home}");
  await waitFor(() => expect(document.activeElement?.textContent).toBe("record 0"));
  expect(links()).toBeLessThan(60);
});

test("after End more is read although its end is not in sight", async () => {
  const load = vi.fn();
  const grid = (number: number) => <Grid label="Records" columns={columns} rows={rows(number)} rowKey={(row) => String(row.id)} total={9000} more={{ has: true, busy: false, load }} />;
  show(grid(3000));
  (await screen.findByRole("link", { name: "record 0" })).focus();
  expect(load).not.toHaveBeenCalled();
  await userEvent.keyboard("{End}");
  await waitFor(() => expect(load).toHaveBeenCalled());
});

test.each([
  ["ArrowDown", 4, 5], ["k", 0, 0], ["PageDown", 4, 14], ["PageDown", 95, 99], ["PageUp", 4, 0], ["Home", 50, 0], ["End", Number.NaN, 99], ["PageDown", Number.NaN, null], ["x", 4, null],
])("of 100 rows, ten a page, %s leads from row %s to %s", (key, at, to) => {
  expect(destination(key, at, 100, 10)).toBe(to);
});

test("a head sorts upwards, then downwards, then no longer, and says so to who listens", async () => {
  const asked: (Order | null)[] = [];
  const sortable = columns.map((column) => ({ ...column, sortable: true }));
  show(<Grid label="Records" columns={sortable} rows={rows(3)} rowKey={(row) => String(row.id)} total={3} more={none} order={{ key: "twice", descending: true }} onOrder={(next) => asked.push(next)} />);
  await userEvent.click(await screen.findByRole("button", { name: "Twice" }));
  await userEvent.click(screen.getByRole("button", { name: "Record" }));
  expect(asked).toEqual([null, { key: "id", descending: false }]);
  expect(screen.getAllByRole("columnheader").map((head) => head.getAttribute("aria-sort"))).toEqual(["none", "descending"]);
  expect(nextOrder({ key: "id", descending: false }, "id")).toEqual({ key: "id", descending: true });
});
