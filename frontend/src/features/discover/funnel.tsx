// How far everything that was to be connected has come: each state with how many reached it, and each intent with where it is stuck and why.
import { Link } from "@tanstack/react-router";
import { Listing } from "@/components/listing";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { api, type Schemas } from "@/lib/client";
import { often } from "@/lib/news";
import { count, plural } from "@/lib/numbers";
import { promised, waitsForWord, WAY, wordOf } from "@/lib/onboarding";
import { sourceName, stopped } from "@/lib/words";

type Said = Schemas["OnboardingSeen"];
type Intent = Schemas["Intent"];

export function Funnel() {
  const asked = api.useQuery("get", "/api/v1/onboarding", {}, { refetchInterval: often(15_000) });
  const empty = { shows: "How far each system that was to be connected has come, and where it is stuck.", because: "Nothing was asked to be connected yet.", action: <Link to="/connections" search={{}} className="font-semibold text-blue underline">To the connections</Link> };
  return (
    <>
      <Panel title="From asked for to active" asked={asked} what="The onboarding" isEmpty={(said) => said.items.length === 0} empty={empty}>
        {(said) => <States said={said} />}
      </Panel>
      {asked.data && asked.data.items.length > 0 && (
        <Panel title="What was asked for" asked={asked} what="The onboarding" empty={empty} aside={plural(asked.data.items.length, "intent")}>
          {({ items }) => <Listing label="What was asked for" rows={items} rowKey={(one) => one.id} parts={PARTS} />}
        </Panel>
      )}
    </>
  );
}

function States({ said }: { said: Said }) {
  const most = Math.max(1, ...said.funnel.map((one) => one.reached));
  const kept = said.eligible === 0 || (said.share ?? 0) >= said.promise;
  return (
    <div className="space-y-4 p-4" data-funnel>
      <p className="flex flex-wrap items-center gap-x-3">
        <Mark state={kept ? "succeeded" : "late"} word={kept ? "kept" : "not kept"} />
        <span className="font-semibold">{promised(said)}</span>
        <span className="text-sm text-muted">Eligible is what is allowed here and has its credentials: the rest is up to the source and to us.</span>
      </p>
      <ol className="space-y-2">
        {said.funnel.map((one) => (
          <li key={one.state} className="grid grid-cols-[8.5rem_minmax(0,1fr)_auto] items-center gap-3 text-sm sm:grid-cols-[11rem_minmax(0,1fr)_9rem]" title={WAY.find((step) => step.state === one.state)?.means}>
            <span className="font-semibold">{wordOf(one.state)}</span>
            <span aria-hidden className="flex h-3 overflow-hidden rounded-full bg-sunken">
              <span className="bg-green" style={{ width: `${((one.reached - one.stuck) / most) * 100}%` }} />
              <span className="bg-amber" style={{ width: `${(one.stuck / most) * 100}%` }} />
            </span>
            <span className="tabular-nums">
              <span className="font-bold">{count(one.reached)}</span> <span className="text-muted">reached</span>
              {one.stuck > 0 && <span className="font-semibold text-amber">, {count(one.stuck)} stuck</span>}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

const ORIGINS: Record<Intent["origin"], string> = { person: "a person", batch: "a list", discovery: "a discovery" };

const PARTS = [
  {
    head: "System",
    cell: (one: Intent) => (
      <>
        {one.connection_id ? <Link to="/connections/$connectionId" params={{ connectionId: one.connection_id }} search={{}} className="font-semibold text-blue hover:underline">{one.name}</Link> : <span className="font-semibold">{one.name}</span>}
        <span className="block text-sm text-muted">{sourceName(one.source)}, asked for by {ORIGINS[one.origin]}</span>
      </>
    ),
  },
  { head: "Reached", cell: (one: Intent) => <Mark state={one.state === "active" ? "active" : waitsForWord(one) ? "open" : one.stuck ? "stuck" : "onboarding"} word={one.stuck && !waitsForWord(one) ? `stuck after “${wordOf(one.state)}”` : wordOf(one.state)} /> },
  { head: "Why, and what to do", cell: (one: Intent) => (one.stuck ? <span className="text-sm break-words"><span className="font-semibold">{stopped(one.stuck.what)}</span> <span className="text-muted">{one.stuck.fix}</span></span> : <span className="text-sm text-muted">{one.state === "active" ? "nothing: it is read" : "it goes on by itself"}</span>) },
  { head: "Attempts", kind: "number" as const, cell: (one: Intent) => count(one.attempts) },
  { head: "Changed", cell: (one: Intent) => <Moment at={one.changed_at} /> },
];
