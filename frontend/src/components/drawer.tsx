// A drawer over the page: one thing, which the URL names; Esc or a click beside it closes it.
// The library's own overlay is not used: it writes style elements, which the page's policy refuses.
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { useFocusBack } from "@/lib/focus";

export function Drawer({ title, about, open, onClose, children }: { title: string; about?: ReactNode; open: boolean; onClose: () => void; children: ReactNode }) {
  const back = useFocusBack();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <div aria-hidden className="fixed inset-0 z-40 animate-appear bg-shade" />
        <Dialog.Content
          onCloseAutoFocus={back}
          {...(about ? {} : { "aria-describedby": undefined })}
          className="fixed inset-y-0 right-0 z-50 flex w-full max-w-[30rem] animate-slide flex-col border-l border-line bg-surface shadow-float outline-none"
        >
          <header className="flex items-start justify-between gap-4 border-b border-line px-4 py-3">
            <div className="min-w-0">
              <Dialog.Title className="text-lg break-words">{title}</Dialog.Title>
              {about && <Dialog.Description className="text-sm text-muted">{about}</Dialog.Description>}
            </div>
            <Dialog.Close aria-label="Close" className="rounded-box p-1.5 text-muted hover:bg-sunken hover:text-text">
              <X size={18} aria-hidden />
            </Dialog.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain">{children}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
