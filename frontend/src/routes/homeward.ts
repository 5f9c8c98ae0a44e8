// Where somebody is led who asked for another page: after signing in, and where they are in no tenant.
import type { Schemas } from "@/lib/client";
import { isHere } from "@/lib/session";

/** A path of this app, never another site. */
export const homeward = (next: string | undefined): string => (next && /^\/(?![/\\])/.test(next) && !next.startsWith("/sign-in") ? next : "/");

const WITHOUT_TENANT = ["/settings", "/operator"];

/** Who is in no tenant has their own settings, and as an operator the installation's page: everything else leads there. */
export const instead = (me: Schemas["Me"], path: string): "/operator" | "/settings" | null =>
  isHere(me) || WITHOUT_TENANT.some((one) => path === one || path.startsWith(`${one}/`)) ? null : me.operator ? "/operator" : "/settings";
