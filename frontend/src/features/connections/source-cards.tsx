// The kinds of sources to choose from; one that may not be connected here says so.
import { Lock } from "lucide-react";
import { Panel } from "@/components/panel";
import { SourceIcon } from "@/features/connections/source-icon";
import { api, type Schemas } from "@/lib/client";

interface SourceCardsProps {
  onChoose: (source: Schemas["SourceSeen"]) => void;
}

export function SourceCards({ onChoose }: SourceCardsProps) {
  const asked = api.useQuery("get", "/api/v1/sources", {}, { staleTime: 300_000 });
  return (
    <Panel title="What do you want to connect?" asked={asked} what="The sources" isEmpty={(said) => said.items.length === 0} empty={{ shows: "The kinds of systems that can be connected.", because: "This installation knows none." }}>
      {({ items }) => (
        <ul className="grid gap-3 p-4 sm:grid-cols-2 xl:grid-cols-3">
          {items.map((one) => (
            <li key={one.name} className="flex">
              <button
                type="button"
                disabled={!one.allowed}
                onClick={() => onChoose(one)}
                className="flex w-full items-start gap-3 rounded-box border border-line bg-surface p-4 text-left enabled:hover:border-green enabled:hover:bg-sunken disabled:bg-sunken"
              >
                <SourceIcon source={one.name} size={24} />
                <span className="min-w-0">
                  <span className="block font-bold">{one.title}</span>
                  <span className="block text-sm text-muted">{one.about}</span>
                  {!one.allowed && (
                    <span className="mt-1 flex items-start gap-1.5 text-sm font-semibold text-amber">
                      <Lock size={14} aria-hidden className="mt-0.5 shrink-0" /> Not allowed here. Whoever runs this installation decides which sources may be connected.
                    </span>
                  )}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
