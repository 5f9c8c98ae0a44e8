// Every section of the settings and every panel of the installation's page, in every state.
import { Suspense } from "react";
import { Defaults } from "@/features/operator/defaults";
import { Quotas } from "@/features/operator/quotas";
import { TenantList } from "@/features/operator/tenant-list";
import { Settings } from "@/features/settings/settings";
import { ID, me } from "../answers";
import { everyState, type Case } from "../every-state";
import { entry, flag, grant, invitation, key, mask, member, session, settings, tenant, counted } from "../made-people";

const MAY = ["read:audit", "read:flags", "read:grants", "read:invitations", "read:keys", "read:masks", "read:members", "read:settings", "read:usage"];
const ignore = () => undefined;
const items = (all: unknown[]) => ({ body: { items: all } });
const section = (name: string) => <Suspense><Settings section={name} search={{}} onSearch={ignore} /></Suspense>;
const none = { items: [] };

const CASES: Case[] = [
  { name: "my sessions", node: section("sessions"), path: "/me/sessions", full: items([session({ current: true })]), shown: "Firefox on Linux" },
  { name: "the tenant's settings", node: section("tenant"), path: "/settings", full: { body: settings() }, shown: "1 Mar 2026 to 31 Mar 2026" },
  { name: "members", node: section("members"), path: "/members", empty: none, full: items([member()]), shown: "Grace" },
  { name: "invitations", node: section("invitations"), path: "/invitations", empty: none, full: items([invitation()]), shown: "not answered" },
  { name: "access for operators", node: section("access"), path: "/grants", empty: none, full: items([grant()]), shown: "A sync fails." },
  { name: "API keys", node: section("keys"), path: "/keys", empty: none, full: items([key()]), shown: "read everything" },
  { name: "masks", node: section("masks"), path: "/masks", empty: { items: [], yours: [] }, full: { body: { items: [mask()], yours: [] } }, shown: "Personal data" },
  { name: "flags", node: section("flags"), path: "/flags", empty: none, full: items([flag()]), shown: "The schedule reads what changed." },
  { name: "usage", node: section("usage"), path: "/usage", empty: none, full: items([counted()]), shown: "800,000" },
  { name: "the audit log", node: section("audit"), path: "/audit", empty: { items: [], next: null }, full: { body: { items: [entry()], next: null } }, shown: /email grace@acme\.example/ },
  { name: "tenants of the installation", node: <TenantList />, path: "/operator/tenants", empty: none, full: items([tenant({ state: "suspended" })]), shown: "suspended" },
  { name: "flags of the installation", node: <Suspense><Defaults /></Suspense>, path: "/operator/flags", empty: none, full: items([{ name: "SIGN_UP", meaning: "Anybody may.", enabled: false, said_by: "default", everywhere_only: true }]), shown: "Sign up" },
  { name: "quotas of a tenant", node: <Quotas id={ID} />, path: `/operator/tenants/${ID}/quotas`, full: items([counted()]), shown: "800,000 used this month" },
];

everyState(CASES, (one) => ({ "/me": { body: me("admin", ["Acme"], MAY) }, [one.path]: one.full }));
