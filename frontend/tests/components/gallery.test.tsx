// The gallery shows what there is: each component, each state of a thing, each state of a panel, in both themes.
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { MARKS } from "@/components/mark";
import { Gallery } from "@/features/gallery/gallery";
import source from "@/features/gallery/gallery?raw";
import { show } from "../answers";

test("each component has its place in it", () => {
  const all = Object.keys(import.meta.glob("@/components/*.tsx")).map((path) => path.replace(/^.*\/(.*)\.tsx$/, "$1"));
  expect(all.length).toBeGreaterThan(10);
  expect(all.filter((name) => !source.includes(`"@/components/${name}"`))).toEqual([]);
});

test("both themes show every state", async () => {
  show(<Gallery />);
  await screen.findByText("AOS Gallery, dark"); // by its role it is looked for in everything that both themes draw
  for (const kind of ["loading", "empty", "error", "not_allowed", "late"]) {
    expect(document.querySelectorAll(`[data-theme=light] [data-state=${kind}]`).length, kind).toBeGreaterThan(0);
    expect(document.querySelectorAll(`[data-theme=dark] [data-state=${kind}]`).length, kind).toBeGreaterThan(0);
  }
  expect(document.querySelectorAll("[data-theme=light] section[aria-label='States of a thing'] svg").length).toBe(MARKS.length);
});
