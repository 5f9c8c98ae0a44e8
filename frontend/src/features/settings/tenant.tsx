// The tenant itself: what its figures are counted in, and what can be done with it as a whole.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Facts } from "@/components/fields";
import { Refused, Select } from "@/components/form";
import { Card, Panel } from "@/components/panel";
import { MONTHS, options, span, WEEKS } from "@/features/settings/calendar";
import { Erase } from "@/features/settings/erase";
import { Export } from "@/features/settings/export";
import { Leave } from "@/features/settings/leave";
import { api, type Schemas } from "@/lib/client";
import { can, useHere } from "@/lib/session";
import { named } from "@/lib/words";

type Said = Schemas["SettingsSeen"];

export function Tenant() {
  const me = useHere();
  const { tenant } = me;
  const asked = api.useQuery("get", "/api/v1/settings");
  return (
    <div className="space-y-4">
      <Card title="Name">
        <div className="p-4">
          <Facts facts={[{ name: "Called", value: tenant.name }, { name: "In addresses and files", value: <code>{tenant.slug}</code> }]} />
        </div>
      </Card>
      <Panel title="What its figures are counted in" asked={asked} what="The settings" empty={{ shows: "", because: "" }}>
        {(said) => <Form key={JSON.stringify(said)} said={said} />}
      </Panel>
      {can(me, "export:tenant") && <Export />}
      {!me.by_grant && (
        <Card title="Leave">
          <div className="p-4"><Leave /></div>
        </Card>
      )}
      {can(me, "erase:tenant") && <Erase />}
    </div>
  );
}

function Form({ said }: { said: Said }) {
  const me = useHere();
  const may = can(me, "change:settings");
  const queries = useQueryClient();
  const [draft, setDraft] = useState(said);
  const change = api.useMutation("put", "/api/v1/settings", { onSuccess: () => queries.invalidateQueries() });
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    const { currency, time_zone, week_start, fiscal_year_start } = draft;
    change.mutate({ body: { currency, time_zone, week_start, fiscal_year_start } });
  };
  const set = (changed: Partial<Said>) => setDraft({ ...draft, ...changed });
  return (
    <form onSubmit={send} className="space-y-4 p-4">
      <fieldset disabled={!may} className="grid gap-4 sm:grid-cols-2">
        <Select label="Currency" hint="In which figures are summed." value={draft.currency} options={options("currency", said.currency)} onChoose={(currency) => set({ currency })} />
        <Select label="Time zone" hint="Where a day begins at midnight." value={draft.time_zone} options={options("timeZone", said.time_zone)} onChoose={(time_zone) => set({ time_zone })} />
        <Select label="A week begins on" value={draft.week_start} options={[...WEEKS]} onChoose={(week_start) => set({ week_start })} />
        <Select label="The fiscal year begins in" value={String(draft.fiscal_year_start)} options={MONTHS} onChoose={(month) => set({ fiscal_year_start: Number(month) })} />
      </fieldset>
      <Now said={said} />
      <Refused error={change.error} what="The settings stand as they were." />
      {may ? (
        <Button type="submit" kind="primary" disabled={change.isPending || JSON.stringify(draft) === JSON.stringify(said)}>
          {change.isPending ? "Saving …" : "Save"}
        </Button>
      ) : (
        <p className="text-sm text-muted">An owner or an admin of this tenant can change them.</p>
      )}
    </form>
  );
}

/** What the settings make of this moment, so that nobody has to work it out. */
const Now = ({ said }: { said: Said }) => (
  <div className="rounded-box bg-sunken p-3">
    <p className="mb-2 text-sm font-semibold">So this is now</p>
    <Facts facts={Object.entries(said.now).map(([unit, period]) => ({ name: named(unit), value: span(period, said.time_zone) }))} />
  </div>
);
