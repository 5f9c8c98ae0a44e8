// The story of a cell: value, source row with the cell marked, mapping's version, who decided it, and the sync.
import { Link } from "@tanstack/react-router";
import { FileInput, RefreshCw, Scale, Waypoints, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Change } from "@/components/change";
import { Copied } from "@/components/copied";
import { Facts, SourceRow } from "@/components/fields";
import { Mark } from "@/components/mark";
import { Masked } from "@/components/masked";
import { Moment } from "@/components/moment";
import { Value, type Typed } from "@/components/value";
import type { Schemas } from "@/lib/client";
import { count } from "@/lib/numbers";
import { madeBy, sourceName } from "@/lib/words";

export function Story({ said, field, currency, reference }: { said: Schemas["CellSeen"]; field: Typed; currency: string | null; reference: string | null }) {
  const { source, mapping } = said;
  const masked = said.masked.length > 0;
  return (
    <div className="space-y-6 p-4">
      <p className="text-2xl font-bold break-words" data-story="value">
        {masked ? <Masked /> : reference ?? <Value value={said.value} field={field} currency={currency} full />}
      </p>
      {masked && <p className="text-muted">Masked for your role, with where it comes from. An owner of this tenant can let your role see it.</p>}
      {!source && !masked && <p className="text-muted">This cell is empty: no source row that feeds it says anything here.</p>}
      {source && (
        <Step icon={FileInput} ink="text-blue" title="The source row">
          <p className="text-sm text-muted">
            Row {count(source.row + 1)} of{" "}
            <Link to="/streams/$streamId" params={{ streamId: source.stream.id }} search={{}} className="font-semibold text-blue underline">
              {source.connection.name}/{source.stream.name}
            </Link>{" "}
            ({sourceName(source.connection.source)}
            {source.part && `, ${source.part}`}), landed <Moment at={source.landed_at} />.
          </p>
          <div className="overflow-hidden rounded-box border border-line" data-story="source-row">
            <SourceRow values={markedFirst(source.values, source.spelled)} marked={new Set(Object.keys(source.spelled))} masked={source.masked} />
          </div>
        </Step>
      )}
      {mapping && (
        <Step icon={Waypoints} ink="text-purple" title={`Mapping, version ${mapping.version}`}>
          <p className="text-sm text-muted">
            Made <Moment at={mapping.created_at} />, this field {mapping.by === "auto" ? "applied by rule: an exact name or alias with a fitting type." : `as ${mapping.by} said.`}
          </p>
          <Change name={`${said.entity}.${said.field}`} before={mapping.entry} after={mapping.entry} />
        </Step>
      )}
      {mapping && (
        <Step icon={Scale} ink="text-green" title="Decided by">
          {mapping.decision ? (
            <Facts
              facts={[
                { name: "Who", value: mapping.decision.decided_by },
                { name: "Verdict", value: <Mark state={mapping.decision.verdict} /> },
                { name: "When", value: <Moment at={mapping.decision.decided_at} /> },
                ...(mapping.decision.reason ? [{ name: "Reason", value: mapping.decision.reason }] : []),
              ]}
            />
          ) : (
            <p className="text-sm text-muted">Nobody had to decide: {madeBy(mapping.by)}.</p>
          )}
        </Step>
      )}
      {source && (
        <Step icon={RefreshCw} ink="text-muted" title="The sync that brought it">
          <Facts
            facts={[
              { name: "State", value: <Mark state={source.sync.state} /> },
              { name: "Began", value: <Moment at={source.sync.started_at} /> },
              { name: "Connection", value: <Link to="/connections/$connectionId" params={{ connectionId: source.connection.id }} className="font-semibold text-blue underline">{source.connection.name}</Link> },
              { name: "Sync", value: <Copied label="Id" text={source.sync.id} /> },
            ]}
          />
        </Step>
      )}
    </div>
  );
}

/** The cells in question first: a row of a cloud bill has forty others. */
const markedFirst = (values: Record<string, unknown>, marked: Record<string, unknown>) => ({ ...marked, ...values });

function Step({ icon: Icon, ink, title, children }: { icon: LucideIcon; ink: string; title: string; children: ReactNode }) {
  return (
    <section className="space-y-2">
      <h3 className="flex items-center gap-2 text-base">
        <Icon size={16} aria-hidden className={ink} /> {title}
      </h3>
      {children}
    </section>
  );
}
