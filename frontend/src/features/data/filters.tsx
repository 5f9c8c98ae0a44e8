// The filters that the server can answer: a field equals a value; words of an enum are offered.
import { Filter, X } from "lucide-react";
import { useState, type SyntheticEvent } from "react";
import { Button } from "@/components/button";
import { filtered } from "@/features/data/columns";
import type { Schemas } from "@/lib/client";
import { named } from "@/lib/words";

type Where = Record<string, string>;
interface FiltersProps {
  fields: Schemas["FieldSeen"][]; // those that may be asked for
  where: Where;
  onChange: (where: Where | undefined) => void;
}

const CONTROL = "min-h-8 rounded-box border border-muted bg-surface px-2 text-sm";

export function Filters({ fields, where, onChange }: FiltersProps) {
  const [name, setName] = useState(fields.find((field) => field.members.length > 0)?.name ?? fields[0]?.name ?? "");
  const [value, setValue] = useState("");
  const field = fields.find((one) => one.name === name);
  const add = (event: SyntheticEvent) => {
    event.preventDefault();
    onChange(filtered(where, name, value));
    setValue("");
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      <form onSubmit={add} className="flex flex-wrap items-center gap-2" aria-label="Filter">
        <Filter size={14} aria-hidden className="text-muted" />
        <select aria-label="Field" className={CONTROL} value={name} onChange={(event) => { setName(event.target.value); setValue(""); }}>
          {fields.map((one) => (
            <option key={one.name} value={one.name}>
              {named(one.name)}
            </option>
          ))}
        </select>
        <span className="text-sm text-muted">is</span>
        {field && field.members.length > 0 ? (
          <select aria-label="Value" className={CONTROL} value={value} onChange={(event) => setValue(event.target.value)}>
            <option value="">any</option>
            {field.members.map((member) => (
              <option key={member} value={member}>
                {named(member)}
              </option>
            ))}
          </select>
        ) : (
          <input aria-label="Value" placeholder="exactly …" className={`${CONTROL} w-40`} value={value} onChange={(event) => setValue(event.target.value)} />
        )}
        <Button type="submit" disabled={value === ""}>
          Filter
        </Button>
      </form>
      {Object.entries(where).map(([one, said]) => (
        <button key={one} type="button" onClick={() => onChange(filtered(where, one, null))} className="inline-flex min-h-8 max-w-64 items-center gap-1.5 rounded-box bg-blue px-2.5 text-sm font-semibold text-fill">
          <span className="truncate">
            {named(one)} is {said}
          </span>
          <X size={14} aria-hidden className="shrink-0" />
          <span className="sr-only">remove this filter</span>
        </button>
      ))}
    </div>
  );
}
