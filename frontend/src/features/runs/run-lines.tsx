// Runs, a line each, which opens to their steps; and steps, a line each, which open in the drawer.
import { Link } from "@tanstack/react-router";
import { ChevronDown, ChevronRight } from "lucide-react";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { told } from "@/lib/run";
import { outcome, putOff, type Run, type Step } from "@/lib/run-groups";
import { plural } from "@/lib/numbers";
import { lasted } from "@/lib/time";
import { named, stageName } from "@/lib/words";

export interface RunSearch {
  stage?: string | undefined;
  open?: string | undefined; // the run whose steps are shown
  run?: string | undefined; // the step in the drawer
}

const LINE = "grid grid-cols-[1fr_auto] items-baseline gap-x-4 gap-y-0.5 px-4 py-2.5 hover:bg-sunken";

export function RunLine({ run, search }: { run: Run; search: RunSearch }) {
  const isOpen = search.open === run.key;
  const Sign = isOpen ? ChevronDown : ChevronRight;
  return (
    <li>
      <Link to="/runs" search={{ ...search, open: isOpen ? undefined : run.key }} aria-expanded={isOpen} resetScroll={false} className={`${LINE} md:grid-cols-[9rem_1fr_5rem_7rem_5rem]`}>
        <span className="whitespace-nowrap">
          <Sign size={14} aria-hidden className="mr-1.5 inline text-muted" />
          <Mark state={run.state} />
        </span>
        <span className={`col-span-2 font-semibold md:col-span-1 ${run.state === "failed" ? "text-red" : ""}`}>{outcome(run)}</span>
        <span className="col-start-1 text-sm text-muted md:col-start-auto md:text-right">
          {plural(run.steps.length, "step")}
          <span className="md:hidden">, {lasted(run.startedAt, run.endedAt)}</span>
        </span>
        <span className="col-start-2 row-start-1 text-right text-sm text-muted md:col-start-auto md:row-start-auto"><Moment at={run.startedAt} /></span>
        <span className="hidden text-right text-sm text-muted tabular-nums md:block">{lasted(run.startedAt, run.endedAt)}</span>
      </Link>
      {isOpen && (
        <ul className="divide-y divide-line border-t border-line bg-sunken/50 md:pl-6">
          {run.steps.map((step) => (
            <StepLine key={step.id} step={step} search={search} />
          ))}
        </ul>
      )}
    </li>
  );
}

export function StepLine({ step, search }: { step: Step; search: RunSearch }) {
  return (
    <li>
      <Link to="/runs" search={{ ...search, run: step.id }} resetScroll={false} className={`${LINE} md:grid-cols-[7rem_16rem_1fr_7rem_5rem]`}>
        <Mark state={step.state} />
        <span className="col-start-1 font-semibold md:col-start-auto">
          {stageName(step.stage)} {step.subject && <span className="text-muted">{named(step.subject).toLowerCase()}</span>}
        </span>
        <span className={`col-span-2 md:col-span-1 ${step.state === "failed" ? "text-red" : "text-muted"}`}>{saidOf(step)}</span>
        <span className="col-start-2 row-start-1 text-right text-sm text-muted md:col-start-auto md:row-start-auto"><Moment at={step.started_at} /></span>
        <span className="hidden text-right text-sm text-muted tabular-nums md:block">{lasted(step.started_at, step.ended_at)}</span>
      </Link>
    </li>
  );
}

const saidOf = (step: Step) => (step.state === "put_off" ? putOff(step) : (step.error?.what ?? told(step.stage, step.summary)));
