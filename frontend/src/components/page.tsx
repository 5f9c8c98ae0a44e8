// The width and rhythm of a page below the frame's own title.
import { ChevronRight } from "lucide-react";
import { Fragment, type ReactNode } from "react";

export function Page({ wide = false, children }: { wide?: boolean; children: ReactNode }) {
  return <div className={`mx-auto w-full space-y-4 px-4 py-4 sm:px-6 ${wide ? "" : "max-w-[80rem]"}`}>{children}</div>;
}

/** Where a thing stands, its name, and what can be done with it. */
export function Heading({ trail, title, about, action }: { trail: ReactNode[]; title: ReactNode; about?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-end justify-between gap-3">
      <div className="min-w-0">
        <nav aria-label="Where this stands" className="flex flex-wrap items-center gap-1 text-sm text-muted">
          {trail.map((step, place) => (
            <Fragment key={place}>
              {place > 0 && <ChevronRight size={14} aria-hidden />}
              {step}
            </Fragment>
          ))}
        </nav>
        <h2 className="text-xl break-words">{title}</h2>
        {about && <p className="max-w-prose text-muted">{about}</p>}
      </div>
      {action}
    </div>
  );
}
