// Deciding: approve exactly what is shown, reject with a reason, or approve an edited change.
import { useQueryClient } from "@tanstack/react-query";
import { Check, Pencil, X } from "lucide-react";
import { Button, Key } from "@/components/button";
import { EditForm, RejectForm } from "@/features/approvals/decision-forms";
import { isComplete } from "@/features/approvals/edited";
import type { Mode } from "@/features/approvals/proposal";
import { api, type Schemas } from "@/lib/client";
import { troubleOf } from "@/lib/trouble";

interface DecideProps {
  said: Schemas["ProposalDetail"];
  mode: Mode;
  onMode: (mode: Mode) => void;
  onDecided: () => void;
}

type Answer = Pick<Schemas["Decision"], "verdict"> & { change?: Record<string, unknown>; reason?: string };

export function Decide({ said, mode, onMode, onDecided }: DecideProps) {
  const queries = useQueryClient();
  const decide = api.useMutation("post", "/api/v1/proposals/{proposal_id}/decide", {
    onSuccess: async () => {
      onDecided();
      await queries.invalidateQueries();
    },
  });
  const send = (answer: Answer) =>
    decide.mutate({
      params: { path: { proposal_id: said.id } },
      body: { verdict: answer.verdict, change_hash: said.change_hash, change: answer.change ?? null, reason: answer.reason ?? null },
    });
  const trouble = decide.error ? troubleOf(decide.error) : null;
  const complete = isComplete(said.change, said.field);
  return (
    <footer className="space-y-3 border-t border-line pt-4">
      {trouble && (
        <p role="alert" className="text-sm text-red">
          Nothing was decided. {trouble.what} {trouble.fix}
        </p>
      )}
      {mode === "look" && (
        <div className="flex flex-wrap gap-2">
          <Button kind="primary" disabled={!complete} onClick={() => onMode("approve")} title={complete ? undefined : "There is nothing to approve yet: edit the change first."}>
            <Check size={14} aria-hidden /> Approve <Key>a</Key>
          </Button>
          <Button onClick={() => onMode("reject")}>
            <X size={14} aria-hidden /> Reject <Key>r</Key>
          </Button>
          <Button onClick={() => onMode("edit")}>
            <Pencil size={14} aria-hidden /> Edit the change <Key>e</Key>
          </Button>
        </div>
      )}
      {mode === "approve" && (
        <div className="flex flex-wrap items-center gap-2">
          <p className="w-full text-sm">
            {complete ? "Exactly the change above is applied, and the rows that it concerns are read again. Approve it?" : "There is nothing to approve yet: edit the change first."}
          </p>
          {/* The question has just been put by a key or a click: its answer takes the focus. */}
          {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
          <Button kind="primary" autoFocus disabled={decide.isPending || !complete} onClick={() => send({ verdict: "approved" })}>
            {decide.isPending ? "Approving …" : "Approve this change"}
          </Button>
          <Button kind="quiet" onClick={() => onMode("look")}>
            Not now
          </Button>
        </div>
      )}
      {mode === "reject" && <RejectForm busy={decide.isPending} onSend={(reason) => send({ verdict: "rejected", reason })} onCancel={() => onMode("look")} />}
      {mode === "edit" && <EditForm said={said} busy={decide.isPending} onSend={(change) => send({ verdict: "approved", change })} onCancel={() => onMode("look")} />}
    </footer>
  );
}
