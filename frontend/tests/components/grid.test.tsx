// A table of a hundred thousand rows: few are drawn, more are asked for, keys move between them.
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Grid, type Column } from "@/components/grid";
import { show } from "../answers";

interface Row {
  id: number;
}
const columns: Column<Row>[] = [
  { key: "id", head: "Record", width: 10, cell: (row) => <a href={`/r/${row.id}`}>record {row.id}</a> },
  { key: "twice", head: "Twice", width: 8, numeric: true, cell: (row) => row.id * 2 },
];
const rows = (number: number): Row[] => Array.from({ length: number }, (_, id) => ({ id }));
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
