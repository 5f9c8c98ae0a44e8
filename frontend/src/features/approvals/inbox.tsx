// The inbox: on the left what waits, on the right the one that is looked at, with keys for both.
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Key } from "@/components/button";
import { Choices } from "@/components/choice";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Card, States } from "@/components/panel";
import { after, isTyping, stepOf } from "@/features/approvals/keys";
import { Proposal, type Mode } from "@/features/approvals/proposal";
import { api, type Schemas } from "@/lib/client";
import { proposalId } from "@/lib/ids";
import { often } from "@/lib/news";
import { percent } from "@/lib/numbers";
import { useNarrow } from "@/lib/screen";
import { can, useHere, WHO_DECIDES } from "@/lib/session";

export interface InboxSearch {
  proposal?: string | undefined;
  show?: "decided" | undefined;
}

export function Inbox({ search, onSearch }: { search: InboxSearch; onSearch: (search: InboxSearch) => void }) {
  const me = useHere();
  const narrow = useNarrow();
  const may = can(me, "decide:proposals");
  const asked = api.useQuery("get", "/api/v1/proposals", { params: { query: { limit: 500 } } }, { refetchInterval: often(30_000) });
  const all = asked.data?.items ?? [];
  const open = all.filter((one) => one.state === "open");
  const decided = all.filter((one) => one.state !== "open");
  const shown = search.show === "decided" ? decided : open;
  const ids = shown.map((one) => one.id);
  const named = all.find((one) => one.id === search.proposal);
  const current = named ?? (narrow ? undefined : shown[0]);
  const [mode, setMode] = useState<{ id: string; mode: Mode } | null>(null);
  const currentMode = mode && mode.id === current?.id ? mode.mode : "look";
  const isOpen = current?.state === "open";

  const select = (proposal: string | undefined) => {
    setMode(null);
    onSearch({ show: search.show, proposal });
  };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      const step = stepOf(event.key, { ids, selected: current?.id, mayDecide: may && isOpen });
      if (!step) return;
      event.preventDefault();
      if (step.kind === "select") select(step.id);
      else if (current) setMode({ id: current.id, mode: step.kind });
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });

  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Choices
          label="Which proposals"
          all={[{ key: "open", word: "Waiting", count: open.length }, { key: "decided", word: "Decided", count: decided.length }]}
          chosen={search.show ?? "open"}
          onChoose={(key) => onSearch({ show: key === "decided" ? "decided" : undefined })}
        />
        {may ? (
          <p className="hidden items-center gap-1.5 text-sm text-muted md:flex">
            <Key>j</Key> <Key>k</Key> move {search.show !== "decided" && <><Key>a</Key> approve <Key>r</Key> reject <Key>e</Key> edit</>}
          </p>
        ) : (
          <p className="text-sm text-muted" data-may="see">You see what waits; as {me.role} you cannot decide. {WHO_DECIDES}</p>
        )}
      </div>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(18rem,1fr)_2fr]">
        <Card className={narrow && current ? "hidden" : ""}>
          <States
            asked={asked}
            what="The proposals"
            isEmpty={() => shown.length === 0}
            empty={search.show === "decided" ? { shows: "What was decided, with who and why.", because: "Nothing has been decided yet." } : { shows: "Nothing waits for you.", because: "When a mapping is unsure or a source changes, the proposal and its evidence stand here.", action: <Link to="/approvals" search={{ show: "decided" }} className="font-semibold text-blue underline">Look at what was decided</Link> }}
          >
            {() => (
              <ul className="divide-y divide-line">
                {shown.map((one) => (
                  <li key={one.id}>
                    <ListItem one={one} isCurrent={one.id === current?.id} onSelect={() => select(one.id)} />
                  </li>
                ))}
              </ul>
            )}
          </States>
        </Card>
        {current && (
          <div className="min-w-0 space-y-3">
            {narrow && <button type="button" onClick={() => select(undefined)} className="font-semibold text-blue">‹ All proposals</button>}
            <Proposal key={current.id} id={proposalId(current.id)} mayDecide={may} mode={currentMode} onMode={(next) => setMode({ id: current.id, mode: next })} onDecided={() => select(narrow ? undefined : after(ids, current.id))} />
          </div>
        )}
      </div>
    </>
  );
}

function ListItem({ one, isCurrent, onSelect }: { one: Schemas["ProposalSeen"]; isCurrent: boolean; onSelect: () => void }) {
  return (
    <button type="button" aria-current={isCurrent || undefined} onClick={onSelect} className={`block w-full border-l-4 px-3 py-2.5 text-left hover:bg-sunken ${isCurrent ? "border-purple bg-sunken" : "border-transparent"}`}>
      <span className="flex items-baseline justify-between gap-3">
        <span className="min-w-0 font-semibold break-words">{one.title}</span>
        <span className="shrink-0 text-sm tabular-nums">{one.state === "open" ? <span className="text-purple">{percent(one.confidence)}</span> : <Mark state={one.state} />}</span>
      </span>
      <span className="flex justify-between gap-3 text-sm text-muted">
        <span className="min-w-0 truncate">{one.stream ?? one.kind}</span>
        <Moment at={one.decided_at ?? one.created_at} />
      </span>
    </button>
  );
}
