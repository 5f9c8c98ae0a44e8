// The facets of a table: fields of few values, each value with how many records hold it.
import { SlidersHorizontal } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { Drawer } from "@/components/drawer";
import { Card, States } from "@/components/panel";
import type { useFacets } from "@/features/data/asking";
import { headOf } from "@/features/data/columns";
import { choicesOf, facetsShown, firstOf } from "@/features/data/facets";
import { isChosen, isNarrowed, toggled, worded, type OnSearch, type TableSearch } from "@/features/data/finding";
import type { Schemas } from "@/lib/client";
import { count, plural } from "@/lib/numbers";
import { named } from "@/lib/words";

interface FacetsProps {
  asked: ReturnType<typeof useFacets>;
  fields: Schemas["FieldSeen"][];
  search: TableSearch;
  onSearch: OnSearch;
}

const hasNone = ({ asked, fields, search }: FacetsProps) => asked.data !== undefined && !isNarrowed(search) && facetsShown(asked.data.facets, fields, search).length === 0;

/** Beside the table where there is room; elsewhere they are in a drawer. */
export function FacetRail(props: FacetsProps) {
  if (hasNone(props)) return null;
  return (
    <Card title="Filters" className="hidden w-56 shrink-0 xl:block">
      <div className="max-h-[calc(100dvh-15rem)] overflow-y-auto overscroll-contain">
        <Facets {...props} />
      </div>
    </Card>
  );
}

export function FacetDrawer(props: FacetsProps) {
  const [open, setOpen] = useState(false);
  if (hasNone(props)) return null;
  const chosen = Object.values(props.search.where ?? {}).flat().length;
  return (
    <>
      <Button className="xl:hidden" onClick={() => setOpen(true)}>
        <SlidersHorizontal size={14} aria-hidden /> Filters
        {chosen > 0 && <span className="tabular-nums">({chosen})</span>}
      </Button>
      <Drawer title="Filters" about={props.asked.data && `${plural(props.asked.data.total, "record")} now.`} open={open} onClose={() => setOpen(false)}>
        <Facets {...props} />
      </Drawer>
    </>
  );
}

function Facets({ asked, fields, search, onSearch }: FacetsProps) {
  return (
    <States asked={asked} what="The filters" isEmpty={({ facets }) => facetsShown(facets, fields, search).length === 0} empty={{ shows: "Nothing is left to choose from.", because: "No record matches what is chosen and searched." }}>
      {({ facets }) => (
        <div aria-busy={asked.isPlaceholderData} className={asked.isPlaceholderData ? "opacity-60" : ""}>
          {facetsShown(facets, fields, search).map(({ field, facet }) => (
            <OneFacet key={field.name} field={field} facet={facet} search={search} onSearch={onSearch} />
          ))}
        </div>
      )}
    </States>
  );
}

function OneFacet({ field, facet, search, onSearch }: { field: Schemas["FieldSeen"]; facet: Schemas["Facet"]; search: TableSearch; onSearch: OnSearch }) {
  const [all, setAll] = useState(false);
  const chosen = search.where?.[field.name];
  const choices = choicesOf(facet, chosen);
  const first = firstOf(choices, chosen);
  const shown = all ? choices : first;
  return (
    <fieldset className="border-b border-line px-3 py-2 last:border-0">
      <legend className="float-left mb-1 w-full px-1 text-xs font-bold text-muted">{named(headOf(field))}</legend>
      <div className="clear-both">
        {shown.map((choice) => (
          <label key={choice.value ?? " empty"} className="flex min-h-7 cursor-pointer items-center gap-2 rounded-box px-1 text-sm hover:bg-sunken">
            <input
              type="checkbox"
              className="shrink-0 accent-green"
              checked={isChosen(search.where, field.name, choice.value)}
              onChange={() => onSearch((now) => ({ ...now, where: toggled(now.where, field.name, choice.value) }))}
            />
            <span className={`min-w-0 flex-1 truncate ${choice.value === null ? "text-muted italic" : ""}`} title={worded(field, choice.value)}>
              {worded(field, choice.value)}
            </span>
            <span className="shrink-0 text-right text-muted tabular-nums">{count(choice.count)}</span>
          </label>
        ))}
        {first.length < choices.length && (
          <button type="button" aria-expanded={all} onClick={() => setAll(!all)} className="min-h-7 px-1 text-sm font-semibold text-blue hover:underline">
            {all ? "Show fewer" : `Show ${count(choices.length - first.length)} more`}
          </button>
        )}
        {facet.others > 0 && (all || first.length === choices.length) && <p className="px-1 text-xs text-muted">{plural(facet.others, "record")} with other values: search finds them.</p>}
      </div>
    </fieldset>
  );
}
