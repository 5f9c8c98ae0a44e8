// The two answers that need words: a reason for rejecting, and an edited change.
import { useState, type KeyboardEvent, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Change } from "@/components/change";
import { changeOf, draftOf } from "@/features/approvals/edited";
import { api, type Schemas } from "@/lib/client";

const FIELD = "block w-full min-h-9 rounded-box border border-muted bg-surface px-3 py-1.5 text-base";

interface Form<Answer> {
  busy: boolean;
  onSend: (answer: Answer) => void;
  onCancel: () => void;
}

const onEscape = (act: () => void) => (event: KeyboardEvent) => {
  if (event.key === "Escape") act();
};

export function RejectForm({ busy, onSend, onCancel }: Form<string>) {
  const [reason, setReason] = useState("");
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    onSend(reason.trim());
  };
  return (
    <form onSubmit={send} className="space-y-3">
      <label className="block space-y-1">
        <span className="text-sm font-semibold">Why not? It is kept, and the same is not proposed again.</span>
        {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the person has just asked to write here */}
        <textarea autoFocus required rows={2} maxLength={2000} className={FIELD} value={reason} onKeyDown={onEscape(onCancel)} onChange={(event) => setReason(event.target.value)} />
      </label>
      <div className="flex gap-2">
        <Button type="submit" kind="danger" disabled={busy || reason.trim() === ""}>
          Reject this change
        </Button>
        <Button kind="quiet" onClick={onCancel}>
          Not now
        </Button>
      </div>
    </form>
  );
}

export function EditForm({ said, busy, onSend, onCancel }: Form<Record<string, unknown>> & { said: Schemas["ProposalDetail"] }) {
  const stream = api.useQuery("get", "/api/v1/streams/{stream_id}", { params: { path: { stream_id: said.stream_id ?? "" } } }, { enabled: said.stream_id !== null });
  const [draft, setDraft] = useState(() => draftOf(said.change, said.field));
  const edited = changeOf(draft, said.change, said.field);
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if ("change" in edited) onSend(edited.change);
  };
  return (
    <form onSubmit={send} className="space-y-3">
      <label className="block space-y-1">
        <span className="text-sm font-semibold">{said.field === null ? "Column that is the key" : "Column that feeds it"}</span>
        {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the person has just asked to edit here */}
        <select autoFocus className={FIELD} value={draft.column} onKeyDown={onEscape(onCancel)} onChange={(event) => setDraft({ ...draft, column: event.target.value })}>
          <option value="">none</option>
          {stream.data?.columns.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </select>
      </label>
      {said.field !== null && (
        <label className="block space-y-1">
          <span className="text-sm font-semibold">Or an expression over its columns</span>
          <input className={`${FIELD} font-mono text-sm`} placeholder="revenue * 1000000" value={draft.expr} onKeyDown={onEscape(onCancel)} onChange={(event) => setDraft({ ...draft, expr: event.target.value })} />
        </label>
      )}
      {"change" in edited ? <Change name="Your change against the one proposed" before={said.change} after={edited.change} /> : <p className="text-sm text-amber">{edited.problem}</p>}
      <div className="flex gap-2">
        <Button type="submit" kind="primary" disabled={busy || "problem" in edited}>
          Approve the edited change
        </Button>
        <Button kind="quiet" onClick={onCancel}>
          Not now
        </Button>
      </div>
    </form>
  );
}
