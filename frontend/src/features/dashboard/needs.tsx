// What needs a person, most urgent first, each with the way to it.
import { Link } from "@tanstack/react-router";
import { CircleDot, Pause, TriangleAlert } from "lucide-react";
import { Panel } from "@/components/panel";
import type { Need, Told } from "@/features/dashboard/sentence";
import { count } from "@/lib/numbers";
import type { Asked } from "@/lib/panel";

const MOST = 6;
const ROW = "flex gap-2.5 px-4 py-2.5 hover:bg-sunken";
const ICONS = {
  decide: <CircleDot size={16} className="mt-0.5 shrink-0 text-purple" aria-label="To decide:" />,
  sync: <TriangleAlert size={16} className="mt-0.5 shrink-0 text-red" aria-label="Broken:" />,
  balance: <TriangleAlert size={16} className="mt-0.5 shrink-0 text-red" aria-label="Broken:" />,
  quarantine: <TriangleAlert size={16} className="mt-0.5 shrink-0 text-amber" aria-label="Kept apart:" />,
  held: <Pause size={16} className="mt-0.5 shrink-0 text-amber" aria-label="Waiting:" />,
};

export function Needs({ asked, all }: { asked: Asked<Told> & { refetch: () => void }; all: Need[] }) {
  return (
    <Panel title="Needs you" aside={all.length > 0 ? count(all.length) : undefined} asked={asked} what="What needs you" isEmpty={() => all.length === 0} empty={{ shows: "Nothing needs you.", because: "Proposals, failed syncs and rows that wait will stand here." }}>
      {() => (
        <ul className="divide-y divide-line">
          {all.slice(0, MOST).map((need) => (
            <li key={need.key}>
              <Way need={need}>
                {ICONS[need.kind]}
                <span className="min-w-0">
                  <span className="block font-semibold break-words">{need.what}</span>
                  <span className="block text-sm [overflow-wrap:anywhere] text-muted">{need.why}</span>
                </span>
              </Way>
            </li>
          ))}
          {all.length > MOST && (
            <li>
              <Link to="/approvals" search={{}} className={`${ROW} font-semibold text-blue`}>
                {count(all.length - MOST)} more
              </Link>
            </li>
          )}
        </ul>
      )}
    </Panel>
  );
}

function Way({ need, children }: { need: Need; children: React.ReactNode }) {
  switch (need.to.page) {
    case "approvals":
      return <Link to="/approvals" search={{ proposal: need.to.proposal }} className={ROW}>{children}</Link>;
    case "connection":
      return <Link to="/connections/$connectionId" params={{ connectionId: need.to.id }} className={ROW}>{children}</Link>;
    case "stream":
      return <Link to="/streams/$streamId" params={{ streamId: need.to.id }} search={{ part: "mappings" }} className={ROW}>{children}</Link>;
  }
}
