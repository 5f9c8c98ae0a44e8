// What is asked of a new password, in words, as this installation asks it.
import type { Schemas } from "@/lib/client";

export const passwordHint = (offered: Pick<Schemas["Options"], "password_least"> | undefined): string =>
  `${offered ? `${offered.password_least} characters at least: a` : "A"} few words that only you would put together.`;
