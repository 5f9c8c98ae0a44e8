// Which pages and which sections somebody has, and what they are told of the others.
import { expect, test } from "vitest";
import { pagesOf, split } from "@/features/frame/pages";
import { grouped, missed, sectionNamed, SECTIONS, sectionsOf } from "@/features/settings/sections";
import { can } from "@/lib/session";
import { instead } from "@/routes/homeward";
import { me, operator } from "../answers";

const READS = ["read:flags", "read:masks", "read:members", "read:settings", "read:usage"];
const viewer = me("viewer", ["Acme"], READS);
const owner = me("owner", ["Acme"], [...READS, "read:audit", "read:grants", "read:invitations", "read:keys"]);
const names = (all: { name: string }[]) => all.map((one) => one.name);

test("a person of a tenant has its pages, an operator of none the installation's and their own", () => {
  expect(names(pagesOf(viewer))).toEqual(["Dashboard", "Approvals", "Connections", "Discover", "Data", "Runs", "Settings"]);
  expect(names(pagesOf(operator()))).toEqual(["Installation", "Settings"]);
  expect(names(pagesOf({ ...owner, operator: true })).slice(-2)).toEqual(["Installation", "Settings"]);
});

test("a narrow screen keeps five in its bar and the others under more", () => {
  const { bar, more } = split(pagesOf({ ...owner, operator: true }));
  expect([bar.length, names(more)]).toEqual([5, ["Runs", "Installation", "Settings"]]);
  expect(split(pagesOf(operator())).more).toEqual([]);
});

test("who is in no tenant is led from its pages to what is theirs", () => {
  const nobody = { ...operator(), operator: false };
  expect([instead(operator(), "/"), instead(operator(), "/data/account"), instead(operator(), "/settings/profile"), instead(operator(), "/operator")]).toEqual(["/operator", "/operator", null, null]);
  expect([instead(nobody, "/runs"), instead(viewer, "/runs"), instead(operator(), "/operators")]).toEqual(["/settings", null, "/operator"]);
});

test("a viewer has no section that only others may read, and is told who can grant it", () => {
  expect(names(sectionsOf(viewer))).toEqual(["Profile", "Sessions", "Tenant", "Members", "Masks", "Flags", "Usage"]);
  expect(missed(viewer)).toBe("As viewer you do not see invitations, access for operators, API keys and audit log. An owner or an admin of Acme can give you a role that does.");
});

test("an owner misses nothing, and who is in no tenant has their own sections", () => {
  expect([sectionsOf(owner).length, missed(owner)]).toEqual([SECTIONS.length, ""]);
  expect([names(sectionsOf(operator())), missed(operator())]).toEqual([["Profile", "Sessions"], ""]);
});

test("sections stand in groups, in their order, and are known by their name alone", () => {
  expect(names(grouped(sectionsOf(owner)))).toEqual(["You", "Tenant", "Data"]);
  expect([sectionNamed("audit")?.name, sectionNamed("nothing"), sectionNamed(undefined)]).toEqual(["Audit log", undefined, undefined]);
});

test("what somebody may is what the server said, and nothing else", () => {
  expect([can(owner, "read:audit"), can(owner, "erase:tenant"), can(me("owner"), "read:audit")]).toEqual([true, false, false]);
});
