// A balance drawn: a bar of its parts, the equation in words, red where it does not add up.
import { Mark } from "@/components/mark";
import { FILL, INK } from "@/components/tone";
import { equation, type Balance } from "@/lib/balance";
import { count } from "@/lib/numbers";

export function BalanceBar({ balance }: { balance: Balance }) {
  return (
    <div role="img" aria-label={equation(balance)} className="flex h-2 w-full gap-px overflow-hidden rounded-full bg-sunken">
      {balance.parts
        .filter((part) => part.rows > 0)
        .map((part) => (
          <span key={part.name} className={`min-w-1 ${balance.balanced ? FILL[part.tone] : "bg-red"}`} style={{ flexGrow: part.rows, flexBasis: 0 }} />
        ))}
    </div>
  );
}

/** Every part with its rows, those without any too: that nothing was lost is the news. */
export function BalanceView({ balance, title }: { balance: Balance; title?: string }) {
  return (
    <div className="space-y-2" data-balanced={balance.balanced}>
      <div className="flex flex-wrap items-baseline justify-between gap-2">
        <span className="text-sm">
          {title && <span className="mr-2 text-muted">{title}</span>}
          <span className="font-bold tabular-nums">{count(balance.rows)}</span> {balance.whole}
        </span>
        <span className="text-xs">
          <Mark state={balance.balanced ? "balanced" : "unbalanced"} />
        </span>
      </div>
      <BalanceBar balance={balance} />
      <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
        {balance.parts.map((part) => (
          <li key={part.name} title={part.means} className={`flex items-center gap-1.5 ${part.rows === 0 ? "text-muted" : ""}`}>
            <span aria-hidden className={`size-2 rounded-full ${part.rows === 0 ? "border border-line" : FILL[part.tone]}`} />
            <span className={`font-semibold tabular-nums ${part.rows > 0 && part.tone === "red" ? INK.red : ""}`}>{count(part.rows)}</span> {part.name}
          </li>
        ))}
      </ul>
    </div>
  );
}
