// People's things as the API says them, to be changed where a test is about it.
import type { Schemas } from "@/lib/client";
import { AT, ID } from "./answers";

export const member = (changed: Partial<Schemas["MemberSeen"]> = {}): Schemas["MemberSeen"] => ({
  user_id: "p-2", email: "grace@acme.example", name: "Grace", role: "analyst", persona: "CFO", joined_at: AT, disabled_at: null, enabled: true, ...changed,
});

export const session = (changed: Partial<Schemas["SessionSeen"]> = {}): Schemas["SessionSeen"] => ({
  id: "s-1", tenant: "acme", tenant_name: "Acme", started_at: AT, seen_at: AT, expires_at: AT, address: "203.0.113.7", agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", current: false, ...changed,
});

export const invitation = (changed: Partial<Schemas["InvitationSeen"]> = {}): Schemas["InvitationSeen"] => ({
  id: "i-1", email: "alan@acme.example", role: "engineer", invited_by: "ada@acme.example", created_at: AT, expires_at: AT, state: "open", ...changed,
});

export const key = (changed: Partial<Schemas["KeySeen"]> = {}): Schemas["KeySeen"] => ({
  id: "k-1", name: "nightly export", prefix: "aos_4fk2m9qz", role: "engineer", scopes: ["read:*"], made_by: ID, made_by_email: "ada@acme.example", created_at: AT, expires_at: AT, used_at: null, state: "in force", ...changed,
});

export const grant = (changed: Partial<Schemas["GrantSeen"]> = {}): Schemas["GrantSeen"] => ({
  id: "g-1", email: "operator@example.com", reason: "A sync fails.", granted_by: "ada@acme.example", created_at: AT, expires_at: AT, ended_at: null, state: "open", ...changed,
});

export const mask = (changed: Partial<Schemas["MaskSeen"]> = {}): Schemas["MaskSeen"] => ({ kind: "personal", roles: ["viewer"], by_default: true, fields: ["contact.email"], ...changed });

export const flag = (changed: Partial<Schemas["FlagSeen"]> = {}): Schemas["FlagSeen"] => ({
  name: "SCHEDULED_REFRESH", meaning: "The schedule reads what changed.", enabled: true, said_by: "default", default: true, ...changed,
});

export const counted = (changed: Partial<Schemas["UseSeen"]> = {}): Schemas["UseSeen"] => ({ name: "rows", used: 800_000, most: 1_000_000, resets_at: AT, ...changed });

export const entry = (changed: Partial<Schemas["EntrySeen"]> = {}): Schemas["EntrySeen"] => ({
  seq: 41, id: ID, at: AT, actor_kind: "person", actor_id: ID, actor: "ada@acme.example", verb: "change", noun: "members", subject: "p-2", address: "203.0.113.7", trace: "4bf9", before: null, after: "9f86",
  detail: { email: "grace@acme.example" }, hash: "2c26", ...changed,
});

const period = { starts: "2026-02-28T23:00:00Z", ends: "2026-03-31T22:00:00Z" };
export const settings = (changed: Partial<Schemas["SettingsSeen"]> = {}): Schemas["SettingsSeen"] => ({
  currency: "EUR", time_zone: "Europe/Berlin", week_start: "monday", fiscal_year_start: 4, now: { month: period }, ...changed,
});

export const tenant = (changed: Partial<Schemas["TenantHeader"]> = {}): Schemas["TenantHeader"] => ({ id: ID, slug: "initech", name: "Initech", created_at: AT, members: 3, state: "active", suspended_at: null, ...changed });

export const link = (changed: Partial<Schemas["LinkSeen"]> = {}): Schemas["LinkSeen"] => ({ email: "grace@acme.example", tenant: "acme", tenant_name: "Acme", role: "analyst", expires_at: AT, known: false, ...changed });

export const offered = (changed: Partial<Schemas["Options"]> = {}): Schemas["Options"] => ({ sign_up: false, oidc: null, password_least: 12, password_most: 1024, ...changed });
