// Whether one member may be changed by another, as far as their roles say; the server decides again.
import type { Schemas } from "@/lib/client";

type Role = Schemas["TenantSeen"]["role"];

export const mayTouch = (own: Role, theirs: Role): boolean => own === "owner" || theirs !== "owner";
