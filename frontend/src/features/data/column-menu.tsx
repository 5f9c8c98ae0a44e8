// Choosing the fields of a table: filled ones first, the empty and the masked ones named as such.
import { Columns3 } from "lucide-react";
import { Popover } from "radix-ui";
import { buttonClass } from "@/components/button";
import type { Schemas } from "@/lib/client";
import { named } from "@/lib/words";

type Field = Schemas["FieldSeen"];
interface ColumnMenuProps {
  fields: Field[];
  filled: ReadonlySet<string>;
  shown: string[];
  onChange: (names: string[] | undefined) => void;
}

export function ColumnMenu({ fields, filled, shown, onChange }: ColumnMenuProps) {
  const choices = fields.filter((field) => !field.key);
  const groups = [
    { title: "Filled", fields: choices.filter((field) => filled.has(field.name)) },
    { title: "Empty in the rows read so far", fields: choices.filter((field) => !filled.has(field.name) && !field.masked) },
    { title: "Masked for your role", fields: choices.filter((field) => !filled.has(field.name) && field.masked) },
  ];
  const toggle = (name: string) => onChange(shown.includes(name) ? shown.filter((one) => one !== name) : [...shown, name]);
  return (
    <Popover.Root>
      <Popover.Trigger className={buttonClass()}>
        <Columns3 size={14} aria-hidden /> {shown.length} of {choices.length} fields
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content align="end" sideOffset={6} collisionPadding={8} aria-label="Fields of this table" className="z-50 max-h-[70dvh] w-72 animate-appear overflow-y-auto rounded-card border border-line bg-surface p-3 shadow-float">
          {groups.map(
            (group) =>
              group.fields.length > 0 && (
                <fieldset key={group.title} className="mb-2">
                  <legend className="mb-1 text-xs font-bold text-muted">{group.title}</legend>
                  {group.fields.map((field) => (
                    <label key={field.name} className="flex min-h-8 cursor-pointer items-center gap-2 rounded-box px-1 text-sm hover:bg-sunken">
                      <input type="checkbox" className="accent-green" checked={shown.includes(field.name)} onChange={() => toggle(field.name)} />
                      {named(field.name)}
                    </label>
                  ))}
                </fieldset>
              ),
          )}
          <button type="button" className={buttonClass("quiet")} onClick={() => onChange(undefined)}>
            Show the filled ones again
          </button>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
