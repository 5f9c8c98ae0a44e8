// One record: its golden values, each with its source; a value opens the story of its cell.
import { Link } from "@tanstack/react-router";
import { ArrowUpRight, GitCommitVertical } from "lucide-react";
import { Copied } from "@/components/copied";
import { Mark } from "@/components/mark";
import { Card } from "@/components/panel";
import { SourceRow } from "@/components/fields";
import { Masked } from "@/components/masked";
import { Value } from "@/components/value";
import { currencyOf, headOf, isFilled } from "@/features/data/columns";
import type { Schemas } from "@/lib/client";
import { plural } from "@/lib/numbers";
import { named } from "@/lib/words";

type Field = Schemas["FieldSeen"];
interface RecordProps {
  entity: Schemas["EntitySeen"];
  said: Schemas["RecordSeen"];
  sources: ReadonlyMap<string, string>; // label of the source by field, as far as known
  onCell: (field: string) => void;
}

export function RecordView({ entity, said, sources, onCell }: RecordProps) {
  const row = said.record;
  const isShown = (field: Field) => !field.key && (isFilled(row.values[field.name]) || field.masked);
  const filled = entity.fields.filter(isShown);
  const empty = entity.fields.filter((field) => !field.key && !isShown(field));
  const key = entity.fields.find((field) => field.key);
  return (
    <>
      {said.redirected_from && (
        <p className="rounded-box border border-line bg-surface px-4 py-2 text-sm text-purple">The record that was asked for was merged into this one.</p>
      )}
      {row.stale && (
        <p className="rounded-box border border-line bg-surface px-4 py-2 text-sm">
          <Mark state="stale" /> This is the last good row; nothing is lost.
        </p>
      )}
      <Card title={plural(filled.filter((field) => isFilled(row.values[field.name])).length, "value")} aside="Choose a value to see where it comes from">
        <ul className="divide-y divide-line">
          {key && (row.source_key ?? key.masked) && <Cell field={key} onCell={onCell} source={sources.get(key.name)}>{row.source_key ?? <Masked />}</Cell>}
          {filled.map((field) => (
            <Cell key={field.name} field={field} onCell={onCell} source={sources.get(field.name)} target={field.target && isFilled(row.values[field.name]) ? { entity: field.target, id: String(row.values[field.name]) } : null}>
              {field.type === "ref" && !field.masked ? (row.references[field.name] ?? String(row.values[field.name])) : <Value value={row.values[field.name]} field={field} currency={currencyOf(row)} full />}
            </Cell>
          ))}
        </ul>
      </Card>
      {said.masked.includes("extras") && (
        <Card title="Fields of the source that the ontology has no place for">
          <p className="p-4 text-sm"><Masked why="What they hold is not known, so they are not shown to a role that sees anything masked. An owner of this tenant can change that." /></p>
        </Card>
      )}
      {row.extras && Object.keys(row.extras).length > 0 && (
        <Card title={`${plural(Object.keys(row.extras).length, "field")} of the source that the ontology has no place for`}>
          <SourceRow values={row.extras} marked={new Set()} />
        </Card>
      )}
      {empty.length > 0 && (
        <details className="rounded-card border border-line bg-surface px-4 py-3">
          <summary className="cursor-pointer font-semibold">{plural(empty.length, "empty field")}</summary>
          <ul className="mt-2 flex flex-wrap gap-1.5">
            {empty.map((field) => (
              <li key={field.name} title={field.about} className="rounded border border-line px-2 py-0.5 text-sm text-muted">
                {named(field.name)}
              </li>
            ))}
          </ul>
        </details>
      )}
      <Copied label="Id" text={row.id} />
    </>
  );
}

interface CellProps {
  field: Field;
  source: string | undefined;
  target?: { entity: string; id: string } | null;
  onCell: (field: string) => void;
  children: React.ReactNode;
}

function Cell({ field, source, target, onCell, children }: CellProps) {
  return (
    <li className="flex items-center gap-2 pr-2 hover:bg-sunken">
      <button type="button" onClick={() => onCell(field.name)} data-field={field.name} className="grid min-h-11 min-w-0 flex-1 grid-cols-[minmax(7rem,14rem)_1fr] items-center gap-x-4 gap-y-0.5 px-4 py-2 text-left sm:grid-cols-[14rem_1fr_auto]">
        <span className="text-muted" title={field.about}>
          {named(headOf(field))}
        </span>
        <span className="min-w-0 font-semibold break-words">{children}</span>
        <span className="col-start-2 inline-flex items-center gap-1 text-xs text-blue sm:col-start-3">
          <GitCommitVertical size={14} aria-hidden /> {source ?? "its story"}
        </span>
      </button>
      {target && (
        <Link to="/data/$entity/$id" params={target} search={{}} aria-label={`Open this ${target.entity.replaceAll("_", " ")}`} title={`Open this ${target.entity.replaceAll("_", " ")}`} className="rounded-box p-2 text-blue hover:bg-bg">
          <ArrowUpRight size={16} aria-hidden />
        </Link>
      )}
    </li>
  );
}
