// Changing what a connection is called, where it is and how fresh it must be; and giving it new credentials.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Field, INPUT, Refused } from "@/components/form";
import { States } from "@/components/panel";
import { hasPlaces, placeOf, sentAt } from "@/features/connections/places";
import { SchemaFields } from "@/features/connections/schema-fields";
import { draftOf, fieldsOf, problemsOf, sentOf } from "@/features/connections/schema-form";
import { api, type Schemas } from "@/lib/client";

type Detail = Schemas["ConnectionDetail"];
interface EditProps {
  connection: Detail;
  onDone: () => void;
}

const NOTHING = { shows: "", because: "" };

export function Edit(props: EditProps) {
  const asked = api.useQuery("get", "/api/v1/sources", {}, { staleTime: 300_000 });
  return (
    <States asked={asked} what="The form" empty={NOTHING}>
      {({ items }) => <EditForm source={items.find((one) => one.name === props.connection.source)} {...props} />}
    </States>
  );
}

function EditForm({ connection, source, onDone }: EditProps & { source: Schemas["SourceSeen"] | undefined }) {
  const queries = useQueryClient();
  const whole = fieldsOf(source?.config);
  const fields = hasPlaces(whole) ? sentAt(whole, placeOf(draftOf(whole, connection.config))) : whole;
  const credentials = connection.has_secret ? fieldsOf(source?.secret, true) : [];
  const [secret, setSecret] = useState(() => draftOf(credentials));
  const [draft, setDraft] = useState(() => ({ name: connection.name, note: connection.note ?? "", fresh: connection.fresh_minutes === null ? "" : String(connection.fresh_minutes), config: draftOf(fields, connection.config) }));
  const [tried, setTried] = useState(false);
  const change = api.useMutation("patch", "/api/v1/connections/{connection_id}", {
    onSuccess: () => {
      onDone();
      return queries.invalidateQueries();
    },
  });
  const sent = sentOf(fields, draft.config);
  const given = JSON.stringify(secret) === JSON.stringify(draftOf(credentials)) ? null : sentOf(credentials, secret);
  const fresh = draft.fresh.trim() === "" ? null : Number(draft.fresh);
  const wrong = Object.keys({ ...sent.problems, ...given?.problems }).length > 0 || draft.name.trim() === "" || (fresh !== null && !(Number.isInteger(fresh) && fresh > 0));
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (wrong) return;
    // Only what was changed: an address that stands is not asked for again.
    const config = JSON.stringify(draft.config) === JSON.stringify(draftOf(fields, connection.config)) ? {} : { config: sent.values };
    change.mutate({ params: { path: { connection_id: connection.id } }, body: { name: draft.name.trim(), note: draft.note.trim() || null, fresh_minutes: fresh, ...config, ...(given ? { secret: given.values } : {}) } });
  };
  return (
    <form onSubmit={send} noValidate className="space-y-4 p-4">
      <Field label="Name"><input className={INPUT} maxLength={100} autoComplete="off" value={draft.name} onChange={(event) => setDraft({ ...draft, name: event.target.value })} /></Field>
      <Field label="Note" hint="What colleagues should know of it."><input className={INPUT} maxLength={500} autoComplete="off" value={draft.note} onChange={(event) => setDraft({ ...draft, note: event.target.value })} /></Field>
      <Field label="Fresh within (minutes)" hint="What is older is shown as late. A day where nothing stands here."><input className={`${INPUT} tabular-nums`} inputMode="numeric" autoComplete="off" value={draft.fresh} onChange={(event) => setDraft({ ...draft, fresh: event.target.value })} /></Field>
      <SchemaFields fields={fields.filter((one) => one.name !== "uploads")} draft={draft.config} problems={{ ...problemsOf(change.error, "config"), ...(tried ? sent.problems : {}) }} onDraft={(config) => setDraft({ ...draft, config })} />
      {credentials.length > 0 && (
        <details className="rounded-box border border-line">
          <summary className="cursor-pointer px-3 py-2 text-sm font-semibold">Credentials <span className="font-medium text-muted">(needed again where its address changes)</span></summary>
          <div className="space-y-3 border-t border-line p-4">
            <p className="text-sm text-muted">A stored secret is never sent to another address. Left empty, the one that is kept stands.</p>
            <SchemaFields fields={credentials} draft={secret} problems={{ ...problemsOf(change.error, "secret"), ...(tried ? given?.problems : {}) }} onDraft={setSecret} />
          </div>
        </details>
      )}
      {tried && wrong && <p role="alert" className="text-sm font-semibold text-red">Some fields are not right yet.</p>}
      <Refused error={change.error} what="Nothing was changed." />
      <Button type="submit" kind="primary" disabled={change.isPending}>{change.isPending ? "Saving …" : "Save"}</Button>
    </form>
  );
}

export function Reauthorise(props: EditProps) {
  const asked = api.useQuery("get", "/api/v1/sources", {}, { staleTime: 300_000 });
  return (
    <States asked={asked} what="The form" empty={NOTHING}>
      {({ items }) => <SecretForm schema={items.find((one) => one.name === props.connection.source)?.secret} {...props} />}
    </States>
  );
}

function SecretForm({ connection, schema, onDone }: EditProps & { schema: unknown }) {
  const queries = useQueryClient();
  const fields = fieldsOf(schema, true);
  const [draft, setDraft] = useState(() => draftOf(fields));
  const [tried, setTried] = useState(false);
  const change = api.useMutation("put", "/api/v1/connections/{connection_id}/secret", {
    retry: false,
    onSuccess: () => {
      onDone();
      return queries.invalidateQueries();
    },
  });
  const sent = sentOf(fields, draft);
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(sent.problems).length === 0) change.mutate({ params: { path: { connection_id: connection.id } }, body: { secret: sent.values } });
  };
  if (fields.length === 0) return <p className="p-4 text-muted">This kind of source needs no credentials.</p>;
  return (
    <form onSubmit={send} noValidate className="space-y-4 p-4">
      <p className="text-muted">The source is asked with the new credentials first; only if it lets us in do they take the place of the old ones. Every stream goes on where it stood.</p>
      <SchemaFields fields={fields} draft={draft} problems={{ ...problemsOf(change.error, "secret"), ...(tried ? sent.problems : {}) }} onDraft={setDraft} />
      <Refused error={change.error} what="The old credentials stand." />
      <Button type="submit" kind="primary" disabled={change.isPending}>{change.isPending ? "Asking the source …" : "Re-authorise"}</Button>
    </form>
  );
}
