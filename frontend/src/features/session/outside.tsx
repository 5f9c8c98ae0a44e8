// What stands round a page of somebody who is not signed in.
import { useEffect, type ReactNode, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Refused } from "@/components/form";

export function Outside({ title, line, children, foot }: { title: string; line: ReactNode; children: ReactNode; foot?: ReactNode }) {
  useEffect(() => {
    document.title = `AOS ${title}`;
  }, [title]);
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-sm min-w-0 space-y-6">
        <div className="space-y-2 text-center">
          <img src="/favicon.svg" alt="" width="48" height="48" className="mx-auto" />
          <h1 className="text-2xl break-words">AOS {title}</h1>
          <p className="text-balance break-words text-muted">{line}</p>
        </div>
        <div className="space-y-4 rounded-card border border-line bg-surface p-6">{children}</div>
        {foot && <div className="space-y-1 text-center text-sm text-muted">{foot}</div>}
      </div>
    </main>
  );
}

interface Sent {
  act: string;
  doing: string;
  busy: boolean;
  error: unknown;
  what?: string; // what was not done, before the reason
  onSend: () => void;
  children: ReactNode;
}

/** The form of such a page: its fields, why it was refused, one button. */
export function OutsideForm({ act, doing, busy, error, what = "", onSend, children }: Sent) {
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    onSend();
  };
  return (
    <form onSubmit={send} className="space-y-4">
      {children}
      <Refused error={error} what={what} />
      <Button type="submit" kind="primary" className="min-h-10 w-full" disabled={busy}>
        {busy ? doing : act}
      </Button>
    </form>
  );
}
