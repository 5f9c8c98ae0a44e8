// A card that asks for something and draws every state of the answer.
import { useId, type ReactNode } from "react";
import { Empty, Failed, Late, NotAllowed, Skeleton, type EmptyWords } from "@/components/states";
import { panelState, type Asked } from "@/lib/panel";

interface AskedAgain<Data> extends Asked<Data> {
  refetch: () => unknown;
}

interface Drawn<Data> {
  asked: AskedAgain<Data>;
  what: string; // names it in an error: "The runs"
  empty: EmptyWords;
  isEmpty?: (data: Data) => boolean;
  skeleton?: ReactNode;
  children: (data: Data) => ReactNode;
}

/** The states without the card, for pages that are one thing. */
export function States<Data>({ asked, what, empty, isEmpty = () => false, skeleton, children }: Drawn<Data>) {
  const state = panelState(asked, isEmpty);
  switch (state.kind) {
    case "loading":
      return skeleton ?? <Skeleton />;
    case "error":
      return <Failed what={what} trouble={state.trouble} retry={() => void asked.refetch()} />;
    case "not_allowed":
      return <NotAllowed trouble={state.trouble} />;
    case "empty":
      return <Empty {...empty} />;
    case "full":
      return (
        <>
          {state.late && <Late trouble={state.late} />}
          {children(state.data)}
        </>
      );
  }
}

export function Card({ title, aside, children, className = "" }: { title?: ReactNode; aside?: ReactNode; children: ReactNode; className?: string }) {
  const id = useId();
  return (
    <section aria-labelledby={title ? id : undefined} className={`min-w-0 rounded-card border border-line bg-surface ${className}`}>
      {title && (
        <header className="flex min-h-11 flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-2">
          <h2 id={id} className="text-base">
            {title}
          </h2>
          {aside && <div className="text-sm text-muted">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

export function Panel<Data>({ title, aside, className, ...drawn }: Drawn<Data> & { title: string; aside?: ReactNode; className?: string }) {
  return (
    <Card title={title} aside={aside} {...(className ? { className } : {})}>
      <States {...drawn} />
    </Card>
  );
}
