// A question before something is done that somebody may not want; what cannot be undone asks for its name to be typed.
import { useMutation } from "@tanstack/react-query";
import { Dialog } from "radix-ui";
import { useState, type ReactNode, type SyntheticEvent } from "react";
import { Button, type ButtonKind } from "@/components/button";
import { INPUT, Refused } from "@/components/form";
import { useFocusBack } from "@/lib/focus";

interface Question {
  title: string; // "Remove Ada?"
  about: ReactNode; // what will be so afterwards, and whether it can be undone
  act: string; // the verb on the button
  typed?: string; // what must be typed first
  onConfirm: () => Promise<unknown>;
}

export function Confirm({ children, kind = "plain", label, disabled = false, ...question }: Question & { children: ReactNode; kind?: ButtonKind; label?: string; disabled?: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind={kind} disabled={disabled} {...(label ? { "aria-label": label } : {})} onClick={() => setOpen(true)}>
        {children}
      </Button>
      {open && <Asked {...question} onClose={() => setOpen(false)} />}
    </>
  );
}

function Asked({ title, about, act, typed, onConfirm, onClose }: Question & { onClose: () => void }) {
  const back = useFocusBack();
  const [word, setWord] = useState("");
  const sending = useMutation({ mutationFn: onConfirm, onSuccess: onClose, retry: false }); // what it sends has its own retries
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  return (
    <Dialog.Root open onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <div aria-hidden className="fixed inset-0 z-40 animate-appear bg-shade" />
        <Dialog.Content role="alertdialog" aria-modal="true" onCloseAutoFocus={back} className="fixed inset-x-3 top-[14dvh] z-50 mx-auto max-w-md animate-appear rounded-card border border-line bg-surface p-5 shadow-float outline-none">
          <form onSubmit={send} className="space-y-4">
            <Dialog.Title className="text-lg break-words">{title}</Dialog.Title>
            <Dialog.Description asChild>
              <div className="space-y-2 text-muted">{about}</div>
            </Dialog.Description>
            {typed !== undefined && (
              <label className="block space-y-1">
                <span className="text-sm font-semibold">
                  Type <code className="rounded bg-sunken px-1">{typed}</code> to go on
                </span>
                <input className={INPUT} value={word} autoComplete="off" spellCheck={false} onChange={(event) => setWord(event.target.value)} />
              </label>
            )}
            <Refused error={sending.error} what="Nothing was changed." />
            <div className="flex flex-wrap justify-end gap-2">
              <Button kind="quiet" onClick={onClose}>
                Not now
              </Button>
              <Button type="submit" kind="danger" disabled={sending.isPending || (typed !== undefined && word !== typed)}>
                {sending.isPending ? "One moment …" : act}
              </Button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
