// Pairs of a name and a value: facts about one thing, and a source row as it was sent.
import type { ReactNode } from "react";
import { Masked } from "@/components/masked";

export interface Fact {
  name: string;
  value: ReactNode;
}

export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className="grid grid-cols-[minmax(6rem,auto)_1fr] gap-x-4 gap-y-1.5 text-sm">
      {facts.map((fact) => (
        <div key={fact.name} className="contents">
          <dt className="text-muted">{fact.name}</dt>
          <dd className="min-w-0 break-words">{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}

const spelled = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

interface SourceRowProps {
  values: Record<string, unknown>;
  marked: ReadonlySet<string>;
  masked?: readonly string[]; // columns that the caller's role does not see
}

/** The row as the source spelled it, with the cells in question marked by more than colour. */
export function SourceRow({ values, marked, masked = [] }: SourceRowProps) {
  return (
    <table className="w-full table-fixed text-left text-sm">
      <caption className="sr-only">The source row</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">Column</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(values).map(([name, value]) => {
          const isMarked = marked.has(name);
          return (
            <tr key={name} data-marked={isMarked || undefined} className={`border-b border-line last:border-0 ${isMarked ? "bg-blue/10" : ""}`}>
              <th scope="row" className={`w-2/5 px-3 py-1.5 align-top font-mono text-xs break-words ${isMarked ? "border-l-4 border-blue font-bold text-text" : "border-l-4 border-transparent font-normal text-muted"}`}>
                {name}
                {isMarked && <span className="sr-only"> (this cell)</span>}
              </th>
              <td className="px-3 py-1.5 font-mono text-xs break-words">{masked.includes(name) ? <Masked /> : value === null || value === "" ? <span className="text-muted">empty</span> : spelled(value)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
