// Buttons and links that look like buttons; the words in them are verbs.
import type { ComponentProps } from "react";

const SHAPE =
  "inline-flex min-h-8 items-center justify-center gap-1.5 rounded-box px-3 py-1 text-sm font-semibold whitespace-nowrap transition-colors disabled:opacity-60";
const KINDS = {
  primary: "bg-green text-fill hover:brightness-95",
  plain: "border border-line bg-surface text-text hover:bg-sunken",
  quiet: "text-muted hover:bg-sunken hover:text-text",
  danger: "border border-red bg-surface text-red hover:bg-red hover:text-fill",
};

export type ButtonKind = keyof typeof KINDS;
export const buttonClass = (kind: ButtonKind = "plain") => `${SHAPE} ${KINDS[kind]}`;

export function Button({ kind = "plain", className = "", ...rest }: ComponentProps<"button"> & { kind?: ButtonKind }) {
  return <button type="button" {...rest} className={`${buttonClass(kind)} ${className}`} />;
}

/** A key of the keyboard, beside what it does. */
export const Key = ({ children }: { children: string }) => (
  <kbd className="rounded border border-line bg-sunken px-1 font-mono text-xs font-normal text-muted" aria-hidden>
    {children}
  </kbd>
);
