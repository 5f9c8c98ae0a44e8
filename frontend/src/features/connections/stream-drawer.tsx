// One stream of a connection over its list: balances, whether and how it is read, what of it is kept, and reading it anew.
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type SyntheticEvent } from "react";
import { BalanceView } from "@/components/balance";
import { Button, buttonClass } from "@/components/button";
import { Confirm } from "@/components/confirm";
import { Drawer } from "@/components/drawer";
import { Facts } from "@/components/fields";
import { Options, Refused, Select } from "@/components/form";
import { Moment } from "@/components/moment";
import { States } from "@/components/panel";
import { changeOf, columnsOf, DELETES, policyOf, readsAnew, TREATMENTS, wrongWith, type DeleteMode, type Policy } from "@/features/connections/policy";
import { VanishingOf } from "@/features/connections/vanishing";
import { mappingBalance, readingBalance } from "@/lib/balance";
import { api, type Schemas } from "@/lib/client";
import type { StreamId } from "@/lib/ids";
import { can, useMe, WHO_DECIDES } from "@/lib/session";
import { named } from "@/lib/words";

type Detail = Schemas["StreamDetail"];

export function StreamDrawer({ id, balances, onClose }: { id: StreamId; balances: Schemas["ConnectionDetail"]["detail"][number] | undefined; onClose: () => void }) {
  const asked = api.useQuery("get", "/api/v1/streams/{stream_id}", { params: { path: { stream_id: id } } });
  const stream = asked.data;
  return (
    <Drawer title={balances?.name ?? stream?.name ?? "Stream"} about={stream && `of ${stream.connection}`} open onClose={onClose}>
      <States asked={asked} what="The stream" empty={{ shows: "", because: "" }}>
        {(said) => (
          <div className="space-y-6 p-4">
            <VanishingOf stream={said} />
            <div className="flex flex-wrap gap-2">
              <Link to="/streams/$streamId" params={{ streamId: id }} search={{}} className={buttonClass()}>Rows as they landed</Link>
              <Link to="/streams/$streamId" params={{ streamId: id }} search={{ part: "syncs" }} className={buttonClass()}>Its syncs</Link>
              <Link to="/streams/$streamId" params={{ streamId: id }} search={{ part: "fingerprints" }} className={buttonClass()}>Its shape over time</Link>
            </div>
            {balances && <Balances stream={balances} />}
            <PolicyForm key={JSON.stringify(policyOf(said))} stream={said} />
          </div>
        )}
      </States>
    </Drawer>
  );
}

function Balances({ stream }: { stream: Schemas["ConnectionDetail"]["detail"][number] }) {
  return (
    <section aria-label="Balances" className="space-y-4">
      {stream.reading ? <BalanceView title="Last sync:" balance={readingBalance(stream.reading)} /> : <p className="text-sm text-muted">Not read yet.</p>}
      {stream.reading?.error && <p className="text-sm break-words text-red">{stream.reading.error.what}</p>}
      {stream.mappings.map((one) => (
        <BalanceView key={one.mapping_id ?? "none"} title={one.entity ? `To ${one.entity.replaceAll("_", " ")}:` : "No mapping, so all that landed is unmapped:"} balance={mappingBalance(one.balance)} />
      ))}
    </section>
  );
}

function PolicyForm({ stream }: { stream: Detail }) {
  const may = can(useMe(), "change:streams");
  const queries = useQueryClient();
  const [policy, setPolicy] = useState(() => policyOf(stream));
  const change = api.useMutation("patch", "/api/v1/streams/{stream_id}", { onSuccess: () => queries.invalidateQueries() });
  const reset = api.useMutation("post", "/api/v1/streams/{stream_id}/reset", { onSuccess: () => queries.invalidateQueries() });
  if (!may) return <Standing stream={stream} />;
  const params = { path: { stream_id: stream.id } };
  const body = changeOf(stream, policy);
  const anew = readsAnew(body);
  const wrong = wrongWith(policy);
  const unchanged = Object.keys(body).length === 0;
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!anew && !wrong) change.mutate({ params, body });
  };
  const set = (changed: Partial<Policy>) => setPolicy({ ...policy, ...changed });
  const columns = columnsOf(stream);
  return (
    <form onSubmit={send} className="space-y-4" aria-label="How it is read">
      <h3 className="text-base">How it is read</h3>
      <label className="flex cursor-pointer items-center gap-2">
        <input type="checkbox" className="size-4 accent-green" checked={policy.selected} onChange={(event) => set({ selected: event.target.checked })} />
        <span className="font-semibold">Read this stream</span>
        <span className="text-sm text-muted">what landed stays either way</span>
      </label>
      <Select label="Grows by" hint="A column that grows with every change, so that only what is newer is read." value={policy.cursor} options={[{ value: "", word: "nothing: read whole each time" }, ...columns.map((value) => ({ value, word: value }))]} onChoose={(cursor) => set({ cursor })} />
      <Select label="Deletions" hint={`${named(DELETES[policy.deletes].means)}.`} value={policy.deletes} options={Object.entries(DELETES).map(([value, one]) => ({ value: value as DeleteMode, word: one.word }))} onChoose={(deletes) => set({ deletes })} />
      <Columns columns={columns} policy={policy} onPolicy={setPolicy} />
      {wrong && <p role="alert" className="text-sm font-semibold text-red">{wrong}</p>}
      <Refused error={change.error ?? reset.error} what="The stream stands as it was." />
      <div className="flex flex-wrap gap-2">
        {anew && !wrong ? (
          <Confirm kind="primary" title={`Read ${stream.name} anew?`} about="What lands will not be like what landed, so the stream is read from its beginning by the next sync. Its rows stay visible until then." act="Save and read anew" onConfirm={() => change.mutateAsync({ params, body })}>
            Save, and read anew
          </Confirm>
        ) : (
          <Button type="submit" kind="primary" disabled={unchanged || wrong !== "" || change.isPending}>{change.isPending ? "Saving …" : "Save"}</Button>
        )}
        <Confirm title={`Reset ${stream.name}?`} about="The next sync reads it from zero. Nothing that landed is lost; it takes as long as the first time." act="Reset" onConfirm={() => reset.mutateAsync({ params })}>
          Reset from zero
        </Confirm>
      </div>
      {stream.reset_at && <p className="text-sm text-muted">Last reset <Moment at={stream.reset_at} />.</p>}
    </form>
  );
}

function Columns({ columns, policy, onPolicy }: { columns: string[]; policy: Policy; onPolicy: (policy: Policy) => void }) {
  return (
    <fieldset className="space-y-2">
      <legend className="text-sm font-semibold">Its key, and what of it is kept</legend>
      <p className="text-sm text-muted">{policy.key.length === 0 ? "No key: rows are told apart by content and occurrence. Tick the column, or the columns together, that tell one row from another." : `Key: ${policy.key.join(" + ")}.`}</p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-sm">
        {TREATMENTS.map((one) => (
          <div key={one.value} className="contents"><dt className="font-semibold">{one.word}</dt><dd className="text-muted">{one.means}</dd></div>
        ))}
      </dl>
      {columns.length === 0 && <p className="text-sm text-muted">Its columns are not known yet.</p>}
      <ul className="divide-y divide-line rounded-box border border-line empty:hidden">
        {columns.map((name) => (
          <li key={name} className="grid grid-cols-[minmax(0,1fr)_auto_8rem] items-center gap-3 px-3 py-1">
            <code className="truncate text-xs" title={name}>{name}</code>
            <label className="flex min-h-8 cursor-pointer items-center gap-1.5 text-sm">
              <input type="checkbox" className="size-4 accent-green" aria-label={`${name} is part of the key`} checked={policy.key.includes(name)} onChange={(event) => onPolicy({ ...policy, key: event.target.checked ? [...policy.key, name] : policy.key.filter((one) => one !== name) })} />
              key
            </label>
            <Options label={`Treatment of ${name}`} value={policy.treated[name] ?? "keep"} options={TREATMENTS} onChoose={(way) => onPolicy({ ...policy, treated: { ...policy.treated, [name]: way } })} />
          </li>
        ))}
      </ul>
      <p className="text-sm text-muted">Another key or another choice reads the stream anew: what landed before was not like that.</p>
    </fieldset>
  );
}

/** The same facts, for who may only look. */
function Standing({ stream }: { stream: Detail }) {
  const treated = Object.entries(stream.treated).map(([name, way]) => `${name} (${way === "omit" ? "left out" : "hashed"})`);
  return (
    <section aria-label="How it is read" className="space-y-3">
      <h3 className="text-base">How it is read</h3>
      <Facts
        facts={[
          { name: "Read", value: stream.selected ? "yes" : "left out" },
          { name: "Key", value: stream.key.join(", ") || "none: content and occurrence" },
          { name: "Grows by", value: stream.cursor_column ?? "nothing: read whole each time" },
          { name: "Deletions", value: DELETES[stream.delete_mode as DeleteMode].means },
          { name: "Not kept as it is", value: treated.join(", ") || "every column is kept" },
        ]}
      />
      <p className="text-sm text-muted">{WHO_DECIDES}</p>
    </section>
  );
}
