// Syncs on one line of time: when, how long, what each read, and why one failed.
import { INK } from "@/components/tone";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { equation, readingTotal } from "@/lib/balance";
import type { Schemas } from "@/lib/client";
import { lasted } from "@/lib/time";

export function Timeline({ syncs }: { syncs: Schemas["SyncSeen"][] }) {
  return (
    <ol className="p-4">
      {syncs.map((sync) => {
        const total = readingTotal(sync.streams);
        return (
          <li key={sync.id} className="border-l-2 border-line pb-4 pl-4 last:pb-0">
            <p className="flex flex-wrap justify-between gap-x-3">
              <Mark state={sync.state} />
              <span className="text-sm text-muted">
                <Moment at={sync.started_at} />, {lasted(sync.started_at, sync.ended_at)}
              </span>
            </p>
            {sync.error ? (
              <p className="text-sm text-red">{sync.error.what} What had landed stays; nothing was lost.</p>
            ) : (
              <p className={`text-sm ${sync.balanced ? "text-muted" : INK.red}`}>{equation(total)}</p>
            )}
          </li>
        );
      })}
    </ol>
  );
}
