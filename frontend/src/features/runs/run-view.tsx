// One run: when, how long, what it counted; where it failed, what failed and what to do next.
import { BalanceView } from "@/components/balance";
import { Copied } from "@/components/copied";
import { Facts } from "@/components/fields";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { balancesOf, figuresOf, nextStep } from "@/features/runs/summary";
import type { Schemas } from "@/lib/client";
import { count, plural } from "@/lib/numbers";
import { lasted } from "@/lib/time";
import { named } from "@/lib/words";

export function RunView({ run }: { run: Schemas["RunSeen"] }) {
  const figures = figuresOf(run.summary);
  const views = figures.filter((figure) => figure.name.startsWith("unified/"));
  const behind = figures.filter((figure) => !figure.name.startsWith("unified/"));
  const balances = balancesOf(run.summary);
  return (
    <div className="space-y-6 p-4">
      <Facts
        facts={[
          { name: "State", value: <Mark state={run.state} /> },
          { name: "Began", value: <Moment at={run.started_at} /> },
          { name: "Took", value: lasted(run.started_at, run.ended_at) },
          { name: "Step", value: <Copied label="Id" text={run.id} /> },
          ...(run.run ? [{ name: "Run", value: <Copied label="In Dagster" text={run.run} /> }] : []),
        ]}
      />
      {run.error && (
        <section className={`space-y-1 rounded-box border p-3 ${run.state === "failed" ? "border-red" : "border-line"}`}>
          <h3 className={`text-base ${run.state === "failed" ? "text-red" : ""}`}>{run.error.what || "It ended without saying why."}</h3>
          <p className="text-sm">{nextStep(run)}</p>
        </section>
      )}
      {balances.map((one) => (
        <BalanceView key={one.name} title={`${one.name}:`} balance={one.balance} />
      ))}
      {views.length > 0 && (
        <section className="space-y-2">
          <h3 className="text-base">Records in each view</h3>
          <Rows figures={views.map((figure) => ({ ...figure, name: named(figure.name.replace(/^unified\//, "")) }))} />
        </section>
      )}
      {behind.length > 0 && (
        <details className="text-sm">
          <summary className="cursor-pointer font-semibold text-muted hover:text-text">Rows of {plural(behind.length, "table")} behind them</summary>
          <div className="pt-2"><Rows figures={behind} /></div>
        </details>
      )}
    </div>
  );
}

const Rows = ({ figures }: { figures: { name: string; rows: number }[] }) => (
  <Facts facts={figures.map((figure) => ({ name: figure.name, value: <span className="tabular-nums">{count(figure.rows)}</span> }))} />
);
