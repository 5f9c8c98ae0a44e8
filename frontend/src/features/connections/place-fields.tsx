// The form of files: where they are first, how they are written only for who needs to say it.
import { Choices } from "@/components/choice";
import { fieldsAt, PLACES, placesIn, type Place } from "@/features/connections/places";
import { SchemaFields } from "@/features/connections/schema-fields";
import type { Draft, FormField } from "@/features/connections/schema-form";

interface PlaceFieldsProps {
  fields: FormField[];
  draft: Draft;
  problems: Record<string, string>;
  place: Place;
  onPlace: (place: Place) => void;
  onDraft: (draft: Draft) => void;
}

export function PlaceFields({ fields, draft, problems, place, onPlace, onDraft }: PlaceFieldsProps) {
  const { place: own, rest } = fieldsAt(fields, place);
  const wrong = rest.some((one) => Object.keys(problems).some((path) => path === one.name || path.startsWith(`${one.name}.`)));
  return (
    <div className="space-y-5">
      <div className="space-y-1">
        <p className="text-sm font-semibold">Where the files are</p>
        <Choices label="Where the files are" all={placesIn(fields)} chosen={place} onChoose={onPlace} />
        <p className="text-sm text-muted">{PLACES.find((one) => one.key === place)?.means}</p>
      </div>
      {own.length > 0 && <SchemaFields fields={own} draft={draft} problems={problems} onDraft={onDraft} />}
      {rest.length > 0 && (
        <details className="rounded-box border border-line" open={wrong}>
          <summary className="cursor-pointer px-3 py-2 text-sm font-semibold">How they are read <span className="font-medium text-muted">(may stay as it is)</span></summary>
          <div className="border-t border-line p-4"><SchemaFields fields={rest} draft={draft} problems={problems} onDraft={onDraft} /></div>
        </details>
      )}
    </div>
  );
}
