// A menu below a button, as classes and a surface for the library's own parts.
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";

export const menuItem = "flex min-h-9 items-center gap-2 rounded-box px-3 text-sm font-semibold outline-none data-highlighted:bg-sunken cursor-pointer";

/** It stays in the landmark of its button. Not modal: the library's modal menus write style elements, which the page's policy refuses. */
export function Menu({ trigger, children }: { trigger: ReactNode; children: ReactNode }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Content align="end" sideOffset={6} collisionPadding={8} className="z-50 min-w-52 animate-appear rounded-card border border-line bg-surface p-1.5 shadow-float">
        {children}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}
