// The way of a connection until it is active, step by step as it happens: what was found, where it is stuck, and what to do.
import { useQueryClient } from "@tanstack/react-query";
import { Check, CircleDashed, CircleDot, TriangleAlert } from "lucide-react";
import { Button } from "@/components/button";
import { Refused } from "@/components/form";
import { Moment } from "@/components/moment";
import { Card } from "@/components/panel";
import { api, type Schemas } from "@/lib/client";
import { stepsOf, waitsForWord, type OnboardingStep } from "@/lib/onboarding";
import { can, useMe, WHO_DECIDES } from "@/lib/session";
import { stopped } from "@/lib/words";

interface OnboardingCardProps {
  connection: Schemas["ConnectionDetail"];
  intent: Schemas["Intent"];
  onSecret: () => void;
}

export function OnboardingCard({ connection, intent, onSecret }: OnboardingCardProps) {
  const me = useMe();
  const queries = useQueryClient();
  const params = { params: { path: { connection_id: connection.id } } };
  const again = () => queries.invalidateQueries();
  const go = api.useMutation("post", "/api/v1/connections/{connection_id}/onboard", { onSettled: again, retry: false });
  const activate = api.useMutation("post", "/api/v1/connections/{connection_id}/activate", { onSuccess: again });
  const uploads = connection.config.uploads === true;
  const files = api.useQuery("get", "/api/v1/connections/{connection_id}/files", params, { enabled: uploads });
  const empty = uploads && (files.data?.items.length ?? 0) === 0; // there is nothing to find yet
  const known = intent.state === "sampled" || intent.state === "suggested";
  return (
    <Card title="The way to active" aside={<>last step <Moment at={intent.changed_at} /></>}>
      <div className="space-y-4 p-4" data-onboarding={intent.stuck && !waitsForWord(intent) ? "stuck" : intent.state}>
        <ol className="space-y-0">
          {stepsOf(intent).map((one) => (
            <Step key={one.state} step={one} stuck={intent.stuck} moving={go.isPending} />
          ))}
        </ol>
        <Refused error={go.error ?? activate.error} what="Nothing was changed." />
        {can(me, "run:connections") || can(me, "create:connections") ? (
          <div className="flex flex-wrap gap-2">
            {known && (
              <Button kind="primary" disabled={activate.isPending} onClick={() => activate.mutate(params)}>
                {activate.isPending ? "Activating …" : "Activate: read it by the schedule"}
              </Button>
            )}
            <Button kind={known ? "plain" : "primary"} disabled={go.isPending || empty} onClick={() => go.mutate(params)}>
              {go.isPending ? "Taking the steps …" : intent.stuck ? "Take the steps again" : "Take the next steps"}
            </Button>
            {intent.stuck && !waitsForWord(intent) && (connection.has_secret || intent.state === "allowed") && <Button onClick={onSecret}>Give other credentials</Button>}
            {empty && <p className="self-center text-sm text-muted">Send a file first.</p>}
          </div>
        ) : (
          <p className="text-sm text-muted">You see where it stands. {WHO_DECIDES}</p>
        )}
      </div>
    </Card>
  );
}

const LOOK = {
  done: { icon: Check, ink: "text-green", word: "done" },
  decide: { icon: CircleDot, ink: "text-purple", word: "waits for you" },
  stuck: { icon: TriangleAlert, ink: "text-amber", word: "stuck here" },
  next: { icon: CircleDot, ink: "text-blue", word: "next" },
  later: { icon: CircleDashed, ink: "text-muted", word: "later" },
};

function Step({ step, stuck, moving }: { step: OnboardingStep; stuck: Schemas["Intent"]["stuck"]; moving: boolean }) {
  const look = LOOK[step.standing !== "done" && step.standing !== "later" && moving ? "next" : step.standing];
  const Icon = look.icon;
  return (
    <li className="flex gap-3 border-l-2 border-line pb-2.5 pl-3 last:pb-0" data-step={step.state} data-standing={step.standing}>
      <Icon size={16} aria-hidden className={`mt-0.5 shrink-0 ${look.ink}`} />
      <div className="min-w-0">
        <p className={step.standing === "later" ? "text-muted" : "font-semibold"}>
          {step.word} {step.found && <span className="text-sm font-medium break-all text-muted">{step.found}</span>}
          <span className="sr-only">, {look.word}</span>
        </p>
        {(step.standing === "next" || (moving && look === LOOK.next)) && <p className="text-sm text-muted">{moving ? "Under way …" : step.means}</p>}
        {step.standing === "decide" && stuck && !moving && <p className="text-sm break-words"><span className="font-semibold text-purple">{stopped(stuck.what)}</span> {stuck.fix}</p>}
        {step.standing === "stuck" && stuck && !moving && (
          <p role="alert" className="text-sm break-words">
            <span className="font-semibold text-amber">{stopped(stuck.what)}</span> {stopped(stuck.fix)} Nothing was lost.
          </p>
        )}
      </div>
    </li>
  );
}
