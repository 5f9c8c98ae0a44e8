// What a source said when it was really asked: as whom, whether it could be changed, which streams it has, what is wrong.
import { CircleCheck, ShieldAlert, ShieldCheck, ShieldQuestion, TriangleAlert } from "lucide-react";
import { Facts } from "@/components/fields";
import type { Schemas } from "@/lib/client";
import { count, plural } from "@/lib/numbers";
import { stopped } from "@/lib/words";

const MOST = 200; // streams that are listed

export function TestedView({ said, secret }: { said: Schemas["TriedSeen"]; secret: boolean }) {
  if (said.refused) {
    return (
      <div role="alert" className="flex gap-3" data-tested="refused">
        <TriangleAlert size={20} aria-hidden className="mt-0.5 shrink-0 text-red" />
        <div className="min-w-0">
          <p className="font-semibold break-words">{stopped(said.refused.what)}</p>
          <p className="break-words text-muted">{stopped(said.refused.fix)} Nothing was stored.</p>
        </div>
      </div>
    );
  }
  return (
    <div className="space-y-4" data-tested="answered">
      <p className="flex items-start gap-2 font-semibold text-green">
        <CircleCheck size={20} aria-hidden className="shrink-0" /> It answers: {plural(said.streams.length, "stream")}. Nothing was stored.
      </p>
      <Facts facts={[{ name: "Account", value: <code className="text-xs break-all">{said.account ?? "not told"}</code> }, ...(said.said ? [{ name: "It says", value: said.said }] : [])]} />
      <Safe writable={said.writable} secret={secret} />
      {said.problems.length > 0 && (
        <div className="space-y-1">
          <h3 className="text-sm">{plural(said.problems.length, "thing")} cannot be read; the others go on</h3>
          <ul className="max-h-48 overflow-y-auto rounded-box border border-line text-sm">
            {said.problems.slice(0, MOST).map((one) => (
              <li key={one.name} className="border-b border-line px-3 py-1.5 last:border-b-0"><span className="font-semibold">{one.name}</span>: <span className="text-muted">{one.reason}</span></li>
            ))}
          </ul>
        </div>
      )}
      <Found streams={said.streams} />
    </div>
  );
}

function Found({ streams }: { streams: Schemas["TriedSeen"]["streams"] }) {
  if (streams.length === 0) return <p className="text-sm text-muted">It holds nothing that can be read as a stream yet.</p>;
  return (
    <div className="space-y-1">
      <h3 className="text-sm">What it holds</h3>
      {/* What scrolls must take the focus. */}
      <div role="region" aria-label="Streams that were found" tabIndex={0} className="max-h-64 overflow-y-auto rounded-box border border-line">
        <ul className="text-sm">
        {streams.slice(0, MOST).map((one) => (
          <li key={one.name} className="flex flex-wrap justify-between gap-x-4 border-b border-line px-3 py-1.5 last:border-b-0">
            <span className="font-semibold break-all">{one.name}</span>
            <span className="text-muted">{[plural(one.columns, "column"), one.key.length > 0 ? `key ${one.key.join(", ")}` : "no key declared", one.cursor ? `grows by ${one.cursor}` : "read whole"].join(", ")}</span>
          </li>
        ))}
        {streams.length > MOST && <li className="px-3 py-1.5 text-muted">and {count(streams.length - MOST)} more</li>}
        </ul>
      </div>
    </div>
  );
}

const WORDS = {
  yes: { icon: ShieldAlert, ink: "text-amber", word: "These credentials may change the source", why: "AutonomOS only ever reads. Safe Mode wants credentials that cannot write, so that nothing here ever could: give it a user who may only read." },
  no: { icon: ShieldCheck, ink: "text-green", word: "These credentials may only read", why: "Nothing here could change the source, whatever happened. That is what Safe Mode wants." },
  none: { icon: ShieldCheck, ink: "text-green", word: "No credentials are needed", why: "There is nothing here with which the source could be changed; AutonomOS only ever reads." },
  unknown: { icon: ShieldQuestion, ink: "text-muted", word: "The source cannot tell whether these credentials may write", why: "AutonomOS only ever reads. A user who may only read is the safer choice where there can be one." },
};

/** Safe Mode: whether the credentials could change the source, and what that means. */
export function Safe({ writable, secret }: { writable: boolean | null; secret: boolean }) {
  const said = WORDS[writable !== null ? (writable ? "yes" : "no") : secret ? "unknown" : "none"];
  const Icon = said.icon;
  return (
    <div className="flex gap-2 rounded-box bg-sunken p-3 text-sm" data-safe={writable === null ? "unknown" : !writable}>
      <Icon size={18} aria-hidden className={`shrink-0 ${said.ink}`} />
      <p><span className={`font-semibold ${said.ink}`}>{said.word}.</span> {said.why}</p>
    </div>
  );
}
