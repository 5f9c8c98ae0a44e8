// What a panel shows when it is not full: loading, empty, broken, not allowed, or kept from before.
import { CircleSlash, Inbox, Lock, RefreshCw, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { Copied } from "@/components/copied";
import { canRetry, type Trouble } from "@/lib/trouble";

/** The final shape in grey; only there when it takes longer than a blink. */
export function Skeleton({ rows = 4, tall = false }: { rows?: number; tall?: boolean }) {
  return (
    <div role="status" aria-label="Loading" className="animate-late space-y-2 p-4" data-state="loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={`rounded-box bg-sunken ${tall ? "h-16" : "h-5"} ${["w-full", "w-11/12", "w-4/5"][row % 3] ?? ""}`} />
      ))}
    </div>
  );
}

export interface EmptyWords {
  shows: string; // what this will show
  because: string; // why there is nothing
  action?: ReactNode; // the one thing that fills it
}

export function Empty({ shows, because, action }: EmptyWords) {
  return (
    <Said icon={<Inbox size={20} aria-hidden />} state="empty" ink="text-muted">
      <p className="font-semibold text-text">{shows}</p>
      <p className="text-muted">{because}</p>
      {action && <div className="pt-2">{action}</div>}
    </Said>
  );
}

export function Failed({ what, trouble, retry }: { what: string; trouble: Trouble; retry?: (() => void) | undefined }) {
  return (
    <Said icon={trouble.status === 404 || trouble.status === 410 ? <CircleSlash size={20} aria-hidden /> : <TriangleAlert size={20} aria-hidden />} state="error" ink="text-red" alert>
      <p className="font-semibold text-text">{what} could not be shown.</p>
      <p className="text-muted">
        {trouble.what} {trouble.fix} Nothing was lost.
      </p>
      <div className="flex flex-wrap items-center gap-2 pt-2">
        {retry && canRetry(trouble) && (
          <Button onClick={retry}>
            <RefreshCw size={14} aria-hidden /> Try again
          </Button>
        )}
        {trouble.trace && <Copied label="Trace" text={trouble.trace} />}
      </div>
    </Said>
  );
}

export function NotAllowed({ trouble }: { trouble: Pick<Trouble, "what" | "fix"> }) {
  return (
    <Said icon={<Lock size={20} aria-hidden />} state="not_allowed" ink="text-amber">
      <p className="font-semibold text-text">{trouble.what}</p>
      <p className="text-muted">{trouble.fix}</p>
    </Said>
  );
}

/** Above what was read before, when it could not be renewed. */
export function Late({ trouble }: { trouble: Trouble }) {
  return (
    <p role="status" className="border-b border-line bg-sunken px-4 py-2 text-sm text-amber" data-state="late">
      <TriangleAlert size={14} className="mr-1.5 inline" aria-hidden />
      This is what was read before. {trouble.what} {trouble.fix}
    </p>
  );
}

function Said(props: { icon: ReactNode; state: string; ink: string; alert?: boolean; children: ReactNode }) {
  return (
    <div className="flex gap-3 p-4 sm:p-6" data-state={props.state} role={props.alert ? "alert" : undefined}>
      <span className={`mt-0.5 shrink-0 ${props.ink}`}>{props.icon}</span>
      <div className="max-w-prose min-w-0 space-y-1">{props.children}</div>
    </div>
  );
}
