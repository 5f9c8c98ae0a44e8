// Letting an operator of the installation look at this tenant's rows, for a time and with a reason.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Confirm } from "@/components/confirm";
import { Field, INPUT, Refused, Select } from "@/components/form";
import { Listing } from "@/components/listing";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Card, Panel } from "@/components/panel";
import { Email } from "@/features/settings/email";
import { api, type Schemas } from "@/lib/client";
import { can, useHere } from "@/lib/session";

type Seen = Schemas["GrantSeen"];
const LIST = ["get", "/api/v1/grants"];
const HOURS = ["1", "4", "24", "72"].map((value) => ({ value, word: value === "1" ? "1 hour" : `${value} hours` }));

export function Access() {
  const me = useHere();
  const queries = useQueryClient();
  const asked = api.useQuery("get", "/api/v1/grants", {}, { refetchInterval: 60_000 });
  const end = api.useMutation("delete", "/api/v1/grants/{grant_id}", { onSuccess: () => queries.invalidateQueries({ queryKey: LIST }) });
  const parts = [
    {
      head: "Operator",
      cell: (one: Seen) => (
        <>
          <span className="font-semibold"><Email text={one.email} /></span>
          <span className="block text-sm text-muted">let in by <Email text={one.granted_by} /></span>
        </>
      ),
    },
    { head: "Why", cell: (one: Seen) => <span className="break-words">{one.reason}</span> },
    { head: "From", cell: (one: Seen) => <Moment at={one.created_at} /> },
    { head: "Until", cell: (one: Seen) => <Moment at={one.ended_at ?? one.expires_at} /> },
    { head: "State", cell: (one: Seen) => <Mark state={one.state === "open" ? "on" : "off"} word={one.state === "open" ? "may look" : one.state} /> },
    {
      head: "End",
      kind: "actions" as const,
      cell: (one: Seen) =>
        one.state === "open" && can(me, "delete:grants") ? (
          <Confirm label={`End the access of ${one.email}`} title={`End the access of ${one.email}?`} about="They are out at once. You can let them in again." act="End" onConfirm={() => end.mutateAsync({ params: { path: { grant_id: one.id } } })}>
            End
          </Confirm>
        ) : null,
    },
  ];
  return (
    <div className="space-y-4">
      {can(me, "create:grants") && <LetIn />}
      <Panel title="Access given" asked={asked} what="The access that was given" empty={{ shows: "Which operators were let in, by whom and until when.", because: "Nobody was let in: no operator sees a row of this tenant." }} isEmpty={(said) => said.items.length === 0}>
        {({ items }) => <Listing label="Access given to operators" rows={items} rowKey={(one) => one.id} parts={parts} />}
      </Panel>
    </div>
  );
}

function LetIn() {
  const queries = useQueryClient();
  const [draft, setDraft] = useState({ email: "", hours: "4", reason: "" });
  const give = api.useMutation("post", "/api/v1/grants", {
    onSuccess: () => {
      setDraft({ email: "", hours: "4", reason: "" });
      return queries.invalidateQueries({ queryKey: LIST });
    },
  });
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    give.mutate({ body: { email: draft.email, hours: Number(draft.hours), reason: draft.reason } });
  };
  return (
    <Card title="Let an operator look">
      <form onSubmit={send} className="space-y-3 p-4">
        <div className="grid gap-3 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
          <Field label="E-mail of the operator">
            <input className={INPUT} type="email" required maxLength={320} autoComplete="off" value={draft.email} onChange={(event) => setDraft({ ...draft, email: event.target.value })} />
          </Field>
          <Select label="For" value={draft.hours} options={HOURS} onChoose={(hours) => setDraft({ ...draft, hours })} />
        </div>
        <Field label="Why" hint="It stands beside the access, and in the audit log.">
          <input className={INPUT} required maxLength={500} value={draft.reason} onChange={(event) => setDraft({ ...draft, reason: event.target.value })} />
        </Field>
        <p className="text-sm text-muted">They see what a viewer sees and change nothing. When they come, and what they look at, stands in the audit log.</p>
        <Refused error={give.error} what="Nobody was let in." />
        <Button type="submit" kind="primary" disabled={give.isPending}>
          {give.isPending ? "Letting in …" : "Let them look"}
        </Button>
      </form>
    </Card>
  );
}
