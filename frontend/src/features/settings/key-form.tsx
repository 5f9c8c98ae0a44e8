// Making an API key, which is shown once.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Field, INPUT, Refused, Select } from "@/components/form";
import { Card } from "@/components/panel";
import { Secret } from "@/components/secret";
import { choosable, chosen, KINDS, spoken, type Kind } from "@/features/settings/scopes";
import { api } from "@/lib/client";
import { useHere } from "@/lib/session";

const DAYS = ["7", "30", "90", "366"].map((value) => ({ value, word: value === "366" ? "a year" : `${value} days` }));
const FRESH = { name: "", days: "90", kind: "read:*" as Kind, some: [] as string[] };

export function MakeKey() {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(FRESH);
  const [text, setText] = useState<string | null>(null);
  const make = api.useMutation("post", "/api/v1/keys", {
    onSuccess: (said) => {
      setText(said.text);
      setDraft(FRESH);
      return queries.invalidateQueries({ queryKey: ["get", "/api/v1/keys"] });
    },
  });
  const scopes = chosen(draft.kind, draft.some);
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    make.mutate({ body: { name: draft.name, days: Number(draft.days), scopes } });
  };
  return (
    <Card title="Make a key">
      {text && <Secret label="Key" text={text} until="Programs send it as Authorization: Bearer …; only its hash is kept here." onDone={() => setText(null)} />}
      <form onSubmit={send} className="space-y-3 p-4">
        <div className="grid gap-3 sm:grid-cols-[minmax(0,1fr)_minmax(0,1.4fr)_minmax(0,.6fr)]">
          <Field label="Name">
            <input className={INPUT} required maxLength={100} autoComplete="off" placeholder="nightly export" value={draft.name} onChange={(event) => setDraft({ ...draft, name: event.target.value })} />
          </Field>
          <Select label="It may" value={draft.kind} options={[...KINDS]} onChoose={(kind) => setDraft({ ...draft, kind })} />
          <Select label="It ends in" value={draft.days} options={DAYS} onChoose={(days) => setDraft({ ...draft, days })} />
        </div>
        {draft.kind === "some" && <Some some={draft.some} onSome={(some) => setDraft({ ...draft, some })} />}
        <p className="text-sm text-muted">A key never may more than you, and ends with your membership.</p>
        <Refused error={make.error} what="No key was made." />
        <Button type="submit" kind="primary" disabled={make.isPending || scopes.length === 0}>
          {make.isPending ? "Making …" : "Make a key"}
        </Button>
      </form>
    </Card>
  );
}

function Some({ some, onSome }: { some: string[]; onSome: (some: string[]) => void }) {
  const { may } = useHere();
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-semibold">It may</legend>
      <div className="grid gap-x-4 gap-y-1 sm:grid-cols-2 lg:grid-cols-3">
        {choosable(may).map((scope) => (
          <label key={scope} className="flex min-h-8 cursor-pointer items-center gap-2 text-sm">
            <input type="checkbox" className="size-4 accent-green" checked={some.includes(scope)} onChange={() => onSome(some.includes(scope) ? some.filter((one) => one !== scope) : [...some, scope])} />
            {spoken(scope)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
