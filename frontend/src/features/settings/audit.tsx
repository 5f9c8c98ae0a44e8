// The audit log, newest first: looked through, read on, and checked from its first entry to its last.
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { Field, INPUT, Select } from "@/components/form";
import { Panel } from "@/components/panel";
import { Checked } from "@/features/settings/audit-check";
import { Entries } from "@/features/settings/audit-entries";
import type { SettingsSearch, Shown } from "@/features/settings/sections";
import { done, NOUNS, thing, VERBS } from "@/features/settings/told";
import { api, type Schemas } from "@/lib/client";
import { count } from "@/lib/numbers";
import { can, useMe } from "@/lib/session";

const ANY = { value: "", word: "anything" };

export function Audit({ search, onSearch }: Shown) {
  const may = can(useMe(), "read:audit");
  const filters = { ...(search.actor ? { actor: search.actor } : {}), ...(search.noun ? { noun: search.noun } : {}), ...(search.verb ? { verb: search.verb } : {}) };
  const asked = api.useInfiniteQuery(
    "get",
    "/api/v1/audit",
    { params: { query: { limit: 100, ...filters } } },
    { pageParamName: "cursor", initialPageParam: null, getNextPageParam: (last: Schemas["EntryList"]) => last.next, select: (said) => said.pages.flatMap((page) => page.items) },
  );
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <div className="space-y-4">
      {may && <Checked />}
      {may && <Look key={JSON.stringify(search)} search={search} onSearch={onSearch} />}
      <Panel
        title="Entries"
        asked={asked}
        what="The audit log"
        isEmpty={(entries) => entries.length === 0}
        empty={isFiltered ? { shows: "Nothing like that stands in the log.", because: "No entry is by that person, of that kind.", action: <Button onClick={() => onSearch({})}>Show all entries</Button> } : { shows: "Every change in this tenant, one entry each.", because: "Nothing was changed yet." }}
        {...(asked.data ? { aside: `${count(asked.data.length)} read` } : {})}
      >
        {(entries) => (
          <>
            <Entries entries={entries} />
            {asked.hasNextPage && (
              <div className="border-t border-line p-4">
                <Button disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
                  {asked.isFetchingNextPage ? "Reading …" : "Read older entries"}
                </Button>
              </div>
            )}
          </>
        )}
      </Panel>
    </div>
  );
}

/** What is looked for stands in the address. */
function Look({ search, onSearch }: Shown) {
  const [actor, setActor] = useState(search.actor ?? "");
  const look = (change: SettingsSearch) => onSearch({ ...search, ...(actor ? { actor } : {}), ...change });
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    look({ actor: actor || undefined });
  };
  return (
    <form role="search" aria-label="Entries" onSubmit={send} className="grid items-end gap-3 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)_auto]">
      <Field label="By whom">
        <input className={INPUT} maxLength={320} placeholder="an e-mail or the name of a key" value={actor} onChange={(event) => setActor(event.target.value)} />
      </Field>
      <Select label="What was done" value={search.verb ?? ""} options={[ANY, ...VERBS.map((value) => ({ value, word: done(value) }))]} onChoose={(verb) => look({ verb: verb || undefined })} />
      <Select label="With" value={search.noun ?? ""} options={[ANY, ...NOUNS.map((value) => ({ value, word: thing(value) }))]} onChoose={(noun) => look({ noun: noun || undefined })} />
      <Button type="submit" className="min-h-9">Look</Button>
    </form>
  );
}
