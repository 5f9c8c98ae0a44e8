// Adding a connection: choose a source, say where it is, test, look at first rows, create. The source stands in the address; what is typed does not.
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Field, INPUT, Refused } from "@/components/form";
import { Heading } from "@/components/page";
import { Card, States } from "@/components/panel";
import { NotAllowed } from "@/components/states";
import { PlaceFields } from "@/features/connections/place-fields";
import { draftAt, hasPlaces, sentAt, type Place } from "@/features/connections/places";
import { PreviewChoice, ROWS } from "@/features/connections/preview";
import { SchemaFields } from "@/features/connections/schema-fields";
import { draftOf, fieldsOf, problemsOf, sentOf } from "@/features/connections/schema-form";
import { SourceCards } from "@/features/connections/source-cards";
import { SourceIcon } from "@/features/connections/source-icon";
import { Steps } from "@/features/connections/steps";
import { TestedView } from "@/features/connections/tested";
import { api, type Schemas } from "@/lib/client";
import { can, useHere, WHO_DECIDES } from "@/lib/session";

export function Adding({ source, onSource }: { source: string | undefined; onSource: (source: string | undefined) => void }) {
  const me = useHere();
  const asked = api.useQuery("get", "/api/v1/sources", {}, { staleTime: 300_000 });
  const chosen = asked.data?.items.find((one) => one.name === source && one.allowed);
  return (
    <>
      <Heading trail={[<Link key="all" to="/connections" search={{}} className="hover:text-text">Connections</Link>]} title={chosen ? `Connect ${chosen.title}` : "Add a connection"} about="Read only: nothing in the source is ever changed." />
      {!can(me, "create:connections") ? (
        <NotAllowed trouble={{ what: `As ${me.role} you see connections and cannot add one.`, fix: WHO_DECIDES }} />
      ) : source === undefined || (asked.data && !chosen) ? (
        <>
          <Steps at={0} />
          <SourceCards onChoose={(one) => onSource(one.name)} />
        </>
      ) : (
        <States asked={asked} what="The sources" empty={{ shows: "", because: "" }}>
          {() => chosen && <Form key={chosen.name} source={chosen} onOther={() => onSource(undefined)} />}
        </States>
      )}
    </>
  );
}

function Form({ source, onOther }: { source: Schemas["SourceSeen"]; onOther: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [place, setPlace] = useState<Place>("uploads"); // of files alone
  const whole = { config: fieldsOf(source.config), secret: fieldsOf(source.secret, true) };
  const files = hasPlaces(whole.config);
  const uploads = files && place === "uploads";
  const fields = { config: files ? sentAt(whole.config, place) : whole.config, secret: files && place !== "bucket" ? [] : whole.secret };
  const [name, setName] = useState("");
  const [config, setConfig] = useState(() => (files ? draftAt(whole.config, draftOf(whole.config), "uploads") : draftOf(whole.config)));
  const [secret, setSecret] = useState(() => draftOf(whole.secret));
  const [tried, setTried] = useState(false);
  const [nameless, setNameless] = useState(false); // a name is asked for when it is created, not before
  const [stream, setStream] = useState<string | null>(null);
  const test = api.useMutation("post", "/api/v1/connections/test");
  const look = api.useMutation("post", "/api/v1/connections/preview");
  const onboard = api.useMutation("post", "/api/v1/connections/{connection_id}/onboard", { retry: false });
  const create = api.useMutation("post", "/api/v1/connections", {
    onSuccess: (made) => {
      // The first steps are taken while the page of the connection shows them; without a file yet there is nothing to find.
      if (!uploads) onboard.mutate({ params: { path: { connection_id: made.id } } }, { onSettled: () => void queries.invalidateQueries() });
      void queries.invalidateQueries({ queryKey: ["get", "/api/v1/connections"] });
      return navigate({ to: "/connections/$connectionId", params: { connectionId: made.id }, search: {} });
    },
  });
  const sent = { config: sentOf(fields.config, config), secret: sentOf(fields.secret, secret) };
  const wrong = Object.keys(sent.config.problems).length + Object.keys(sent.secret.problems).length > 0;
  const refused = create.error ?? test.error;
  const problems = (part: "config" | "secret") => ({ ...problemsOf(refused, part), ...(tried ? sent[part].problems : {}) });
  const asked = { source: source.name, config: sent.config.values, secret: source.secret ? sent.secret.values : null }; // none of it may be needed: then nothing is said
  const changed = (set: () => void) => {
    set();
    test.reset();
    look.reset();
    create.reset();
    setStream(null);
  };
  const found = test.data && !test.data.refused ? test.data.streams.map((one) => one.name) : [];
  const move = (next: Place) => changed(() => {
    setPlace(next);
    setConfig(draftAt(whole.config, config, next));
  });
  const tryIt = () => {
    setTried(true);
    if (!wrong) test.mutate({ body: asked });
  };
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    setNameless(name.trim() === "");
    if (!wrong && name.trim() !== "") create.mutate({ body: { name: name.trim(), ...asked } });
  };
  const choose = (one: string) => {
    setStream(one);
    look.mutate({ body: { ...asked, stream: one, limit: ROWS } });
  };
  return (
    <form onSubmit={send} noValidate className="space-y-4">
      <Steps at={create.isPending ? 4 : found.length > 0 ? 3 : test.isPending || test.data ? 2 : 1} />
      <Card title={<span className="flex items-center gap-2"><SourceIcon source={source.name} /> {source.title}</span>} aside={<Button kind="quiet" onClick={onOther}>Choose another source</Button>}>
        <div className="space-y-5 p-4">
          <p className="max-w-prose text-muted">{source.about}</p>
          <Field label="Name" hint="What it is called here: short, as your colleagues would say it." className="max-w-md">
            <input className={INPUT} required aria-invalid={nameless ? true : undefined} maxLength={100} autoComplete="off" value={name} onChange={(event) => { setName(event.target.value); setNameless(false); }} />
          </Field>
          {nameless && <p className="text-sm font-semibold text-red">A name is needed to create it.</p>}
          {files ? (
            <PlaceFields fields={whole.config} draft={config} problems={problems("config")} place={place} onPlace={move} onDraft={(draft) => changed(() => setConfig(draft))} />
          ) : (
            <SchemaFields fields={fields.config} draft={config} problems={problems("config")} onDraft={(draft) => changed(() => setConfig(draft))} />
          )}
          {fields.secret.length > 0 && (
            <fieldset className="space-y-3 rounded-box border border-line p-4">
              <legend className="px-1 text-sm font-semibold">Credentials</legend>
              <p className="text-sm text-muted">Kept sealed, never shown again, and never written to a log.</p>
              <SchemaFields fields={fields.secret} draft={secret} problems={problems("secret")} onDraft={(draft) => changed(() => setSecret(draft))} />
            </fieldset>
          )}
          <Refused error={test.error} what="It was not tested." />
          <div className="flex flex-wrap items-center gap-3">
            {!uploads && (
              <Button kind={found.length > 0 ? "plain" : "primary"} disabled={test.isPending} onClick={tryIt}>
                {test.isPending ? "Testing …" : test.data ? "Test again" : "Test the connection"}
              </Button>
            )}
            <p role="status" className="text-sm text-muted">{uploads ? "Create it, then send your files on its page." : test.isPending ? "The source is really asked; nothing is stored." : wrong && tried ? "Some fields are not right yet." : ""}</p>
          </div>
        </div>
      </Card>
      {test.data && <Card title="What it says"><div className="p-4"><TestedView said={test.data} secret={fields.secret.length > 0} /></div></Card>}
      {found.length > 0 && (
        <Card title="First rows">
          <div className="p-4"><PreviewChoice eager streams={found} chosen={stream} looked={{ data: look.data, error: look.error, isPending: look.isPending }} onChoose={choose} /></div>
        </Card>
      )}
      <div className="flex flex-wrap items-center justify-end gap-3">
        <Refused error={create.error} what="The connection was not created." />
        <Button type="submit" kind={found.length > 0 || uploads ? "primary" : "plain"} disabled={create.isPending}>
          {create.isPending ? "Creating …" : "Create the connection"}
        </Button>
      </div>
    </form>
  );
}
