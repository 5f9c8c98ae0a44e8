// What is masked for the caller's role: a lock and a word in every place where the value would stand, and nothing to ask by it.
import { screen, waitFor } from "@testing-library/react";
import { Suspense } from "react";
import { expect, test } from "vitest";
import { Figures } from "@/features/dashboard/figure-cards";
import { EntityTable } from "@/features/data/entity-table";
import { RecordPage } from "@/features/data/record-page";
import { StreamPage } from "@/features/streams/stream-page";
import { recordId, streamId } from "@/lib/ids";
import { answering, AT, me, show } from "../answers";
import { cell, column, entity, field, metric, record, streamDetail, version } from "../made";

const MASKED = { masked: true, holds: "personal" } as const;
const people = entity({ name: "contact", plural: "contacts", fields: [field("contact_id", "id", { key: true, masked: true }), field("name", "text", MASKED), field("title"), field("email", "text", MASKED)] });
const row = record({ id: "r-1", source_key: null, values: { name: null, title: "CFO", email: null }, extras: null });
const masked = ["contact_id", "email", "extras", "name"];
const ignore = () => undefined;
const locks = () => [...document.querySelectorAll("[data-state=masked]")].map((one) => [one.textContent.trim(), one.getAttribute("title")]);

test("a record shows what it holds, what is masked as such and who can grant it, and asks no story of it", async () => {
  const log = answering({ "/entities/contact/r-1": { body: { version, redirected_from: null, record: row, masked } }, "/entities/contact/r-1/provenance/title": { body: cell({ field: "title", value: "CFO" }) } });
  show(<RecordPage entity={people} id={recordId("r-1")} cell={undefined} onCell={ignore} />);
  await screen.findByText("1 value");
  expect(locks().map(([word]) => word)).toEqual(["masked", "masked", "masked", "masked"]); // key, name, e-mail, and the source's other fields
  expect(locks().every(([, why]) => why?.includes("owner of this tenant"))).toBe(true);
  expect(log.map((asked) => asked.path).filter((path) => path.includes("provenance"))).toEqual(["/entities/contact/r-1/provenance/title"]);
});

test("the story of a masked cell says that it is masked, not that it is empty", async () => {
  const story = cell({ field: "email", value: null, source: null, mapping: null, masked: ["email"] });
  answering({ "/entities/contact/r-1": { body: { version, redirected_from: null, record: row, masked } }, "/entities/contact/r-1/provenance/title": { body: cell() }, "/entities/contact/r-1/provenance/email": { body: story } });
  show(<RecordPage entity={people} id={recordId("r-1")} cell="email" onCell={ignore} />);
  await screen.findByText(/Masked for your role, with where it comes from\. An owner of this tenant can/);
  expect(document.querySelector("[data-story=value]")?.textContent.trim()).toBe("masked");
  expect(screen.queryByText(/This cell is empty/)).toBeNull();
});

test("a table that is asked for a masked column shows locks, and offers no order by it", async () => {
  answering({ "/entities/contact": { body: { version, rows: [row], total: 1, next: null, masked } }, "/entities/contact/facets": { body: { version, total: 1, facets: [], masked } } });
  show(<EntityTable entity={people} search={{ columns: ["title", "email"] }} onSearch={ignore} />);
  await screen.findByText("CFO");
  await waitFor(() => expect(locks().map(([word]) => word)).toEqual(["masked"]));
  const heads = screen.getAllByRole("columnheader").map((head) => [head.textContent.trim(), head.querySelector("button") !== null]);
  expect(heads).toEqual([["Record", false], ["Title", true], ["Email", false]]);
});

test("a figure over masked fields says why it is not shown", async () => {
  answering({ "/metrics": { body: { version, metrics: [metric({ value: null, rows: null, masked: "Money is masked for your role. An owner of this tenant can let your role see it." })] } } });
  show(<Figures />);
  await screen.findByText("Open pipeline");
  expect(locks()).toEqual([["masked", "Money is masked for your role. An owner of this tenant can let your role see it."]]);
  expect(document.body.textContent).not.toMatch(/USD|From /);
});

test("landed rows and columns of a stream show locks where a column is masked", async () => {
  const stream = streamDetail({ columns: [column("Id"), { ...column("Mail"), masked: true, top: [], nulls: null, distinct: null }] });
  const rows = [{ landing: "l", part: "", sync: "y", seq: 1, row: 0, key: null, op: "i", at: AT, values: { Id: "A-1", Mail: null } }];
  answering({ "/me": { body: me() }, "/streams/s-1": { body: stream }, "/streams/s-1/rows": { body: { rows, next: null, masked: ["Mail"], key_masked: true } } });
  show(<Suspense><StreamPage id={streamId("s-1")} part="rows" onPart={ignore} /></Suspense>);
  await screen.findByText("A-1");
  expect(locks().map(([word]) => word)).toEqual(["masked"]);
});
