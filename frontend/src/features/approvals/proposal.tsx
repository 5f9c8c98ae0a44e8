// One proposal: what it asks, the evidence in sentences, the values it is about, the exact change, the decision.
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { Change } from "@/components/change";
import { Facts } from "@/components/fields";
import { Mark } from "@/components/mark";
import { Masked } from "@/components/masked";
import { Moment } from "@/components/moment";
import { Card, States } from "@/components/panel";
import { Skeleton } from "@/components/states";
import { Decide } from "@/features/approvals/decide";
import { SourceColumns } from "@/features/approvals/source-columns";
import { useStanding } from "@/features/approvals/standing";
import { api, type Schemas } from "@/lib/client";
import type { ProposalId } from "@/lib/ids";
import { percent } from "@/lib/numbers";
import { named } from "@/lib/words";

export type Mode = "look" | "approve" | "reject" | "edit";

interface ProposalProps {
  id: ProposalId;
  mayDecide: boolean;
  mode: Mode;
  onMode: (mode: Mode) => void;
  onDecided: () => void;
}

export function Proposal({ id, ...props }: ProposalProps) {
  const asked = api.useQuery("get", "/api/v1/proposals/{proposal_id}", { params: { path: { proposal_id: id } } });
  return (
    <Card>
      <States asked={asked} what="The proposal" empty={{ shows: "", because: "" }} skeleton={<Skeleton rows={6} tall />}>
        {(said) => <Said said={said} {...props} />}
      </States>
    </Card>
  );
}

function Said({ said, mayDecide, mode, onMode, onDecided }: { said: Schemas["ProposalDetail"] } & Omit<ProposalProps, "id">) {
  const before = useStanding(said);
  const effect = Object.entries(said.effect);
  return (
    <article className="space-y-5 p-4 sm:p-5" aria-label={said.title}>
      <header className="space-y-1">
        <div className="flex flex-wrap items-baseline justify-between gap-2">
          <h2 className="text-xl break-words">{said.title}</h2>
          <Mark state={said.state} {...(said.state === "open" && !mayDecide ? { word: "waits for a decision" } : {})} />
        </div>
        <p className="text-sm text-muted">
          {said.stream_id && said.stream && (
            <Link to="/streams/$streamId" params={{ streamId: said.stream_id }} search={{ part: "columns" }} className="font-semibold text-blue hover:underline">
              {said.stream}
            </Link>
          )}{" "}
          {said.entity && <>to {named(said.entity).toLowerCase()}{said.field && `, field ${said.field}`}; </>}
          proposed <Moment at={said.created_at} />
        </p>
      </header>
      <section className="space-y-1.5">
        <h3 className="text-base">Evidence</h3>
        <ul className="space-y-1">
          {said.masked.includes("evidence") && <li><Masked why="Evidence and examples may repeat values that are masked for your role. An owner of this tenant can let your role see them." /></li>}
          {said.evidence.map((one, at) => (
            <li key={at} className="flex gap-2">
              <Check size={16} aria-hidden className="mt-0.5 shrink-0 text-purple" />
              <span className="min-w-0 break-words">{typeof one === "string" ? one : JSON.stringify(one)}</span>
            </li>
          ))}
        </ul>
        <p className="text-sm text-muted">
          {said.confidence > 0 ? <>Confidence <span className="font-semibold text-purple tabular-nums">{percent(said.confidence)}</span>, not calibrated yet: too few decisions to say how often such a proposal is right.</> : "There is no suggestion: a person has to say it."}
        </p>
      </section>
      {said.stream_id && <SourceColumns streamId={said.stream_id} change={said.change} />}
      {effect.length > 0 && (
        <section className="space-y-1.5">
          <h3 className="text-base">Effect</h3>
          <Facts facts={effect.map(([name, value]) => ({ name: named(name), value: typeof value === "string" ? value : JSON.stringify(value) }))} />
        </section>
      )}
      <section className="space-y-1.5">
        <h3 className="text-base">The exact change</h3>
        <Change name={`${said.stream ?? ""} → ${said.entity ?? ""}${said.field ? `.${said.field}` : ""}`} before={said.state === "open" ? before : said.change} after={said.change} />
      </section>
      {said.decisions.length > 0 && <Decisions all={said.decisions} />}
      {said.state === "open" && mayDecide && <Decide said={said} mode={mode} onMode={onMode} onDecided={onDecided} />}
    </article>
  );
}

function Decisions({ all }: { all: Schemas["DecisionSeen"][] }) {
  return (
    <section className="space-y-2">
      <h3 className="text-base">Decided</h3>
      {all.map((one) => (
        <div key={one.id} className="space-y-2 rounded-box border border-line p-3">
          <Facts
            facts={[
              { name: "Verdict", value: <Mark state={one.verdict} {...(one.verdict === "stated" ? { word: "stated in a document that was imported" } : {})} /> },
              { name: "Decided by", value: one.decided_by },
              { name: "When", value: <Moment at={one.decided_at} /> },
              { name: "Reason", value: one.reason ?? <span className="text-muted">none given</span> },
            ]}
          />
          {one.verdict !== "rejected" && <Change name="What was decided" before={null} after={one.change} />}
        </div>
      ))}
    </section>
  );
}
