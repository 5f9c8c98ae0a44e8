// The flow as a strip of five stations, and below it the two balances that must hold.
import { ChevronRight } from "lucide-react";
import { BalanceView } from "@/components/balance";
import { Panel } from "@/components/panel";
import { Skeleton } from "@/components/states";
import { balances, stations, type FlowTold } from "@/features/dashboard/flow";
import { count } from "@/lib/numbers";
import type { Asked } from "@/lib/panel";

export function Flow({ asked }: { asked: Asked<FlowTold> & { refetch: () => void } }) {
  return (
    <Panel title="From the sources to one view" asked={asked} what="The flow" skeleton={<Skeleton rows={2} tall />} isEmpty={(told) => told.connections.length === 0} empty={{ shows: "How rows travel from your sources to unified views.", because: "No source is connected yet." }}>
      {(told) => {
        const { reading, made } = balances(told);
        return (
          <div className="space-y-5 p-4">
            <ol className="grid grid-cols-2 gap-3 sm:grid-cols-5 sm:gap-0">
              {stations(told).map((station, at) => (
                <li key={station.name} className="relative sm:pr-4 sm:pl-2 sm:first:pl-0">
                  {at > 0 && <ChevronRight size={16} aria-hidden className="absolute top-2 -left-3.5 hidden text-muted sm:block" />}
                  <p className="text-xs font-bold text-muted">{station.name}</p>
                  <p className="text-xl font-bold tabular-nums">{count(station.figure)}</p>
                  <p className="text-xs text-muted">{station.about}</p>
                </li>
              ))}
            </ol>
            <BalanceView title="In the last sync of each connection:" balance={reading} />
            <BalanceView title="Of all that landed, per mapping:" balance={made} />
          </div>
        );
      }}
    </Panel>
  );
}
