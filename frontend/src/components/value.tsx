// One value of an entity, by its field's type: decimals exact, money with its currency, times relative; what is masked as such.
import { Masked } from "@/components/masked";
import { Moment } from "@/components/moment";
import { grouped, money } from "@/lib/numbers";
import { named } from "@/lib/words";

export interface Typed {
  type: string;
  unit: string | null;
  masked?: boolean; // for the caller's role
}

export const isNumber = (type: string) => ["integer", "decimal", "money", "share"].includes(type);

const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

export function Value({ value, field, currency, full = false }: { value: unknown; field: Typed; currency: string | null; full?: boolean }) {
  if (field.masked) return <Masked />;
  if (value === null || value === undefined || value === "") return <span className="text-muted">—</span>;
  const said = text(value);
  switch (field.type) {
    case "money":
      return <Figure shown={full ? `${grouped(said)} ${currency ?? ""}`.trim() : money(said, currency)} exact={`${said} ${currency ?? ""}`} />;
    case "integer":
    case "decimal":
    case "share":
      return <Figure shown={field.unit ? `${grouped(said)} ${field.unit === "percent" ? "%" : field.unit}` : grouped(said)} exact={said} />;
    case "timestamp":
      return full ? <span className="tabular-nums">{said.replace("T", " ").replace(/Z$/, " UTC")}</span> : <Moment at={said} />;
    case "date":
      return <span className="tabular-nums whitespace-nowrap">{said}</span>;
    case "boolean":
      return <>{said === "true" ? "yes" : "no"}</>;
    case "enum":
      return <span className="rounded border border-line bg-sunken px-1.5 py-px text-[0.875em] font-semibold whitespace-nowrap">{named(said)}</span>;
    case "id":
    case "json":
      return <code className="text-xs break-all">{said}</code>;
    default:
      return <>{said}</>;
  }
}

const Figure = ({ shown, exact }: { shown: string; exact: string }) => (
  <span className="tabular-nums whitespace-nowrap" title={exact}>
    {shown}
  </span>
);
