// The columns that a change speaks of, as the stream has them: type, fill and commonest values.
import { States } from "@/components/panel";
import { spokenOf } from "@/features/approvals/spoken";
import { api } from "@/lib/client";
import { count, percent } from "@/lib/numbers";

export function SourceColumns({ streamId, change }: { streamId: string; change: Record<string, unknown> }) {
  const asked = api.useQuery("get", "/api/v1/streams/{stream_id}", { params: { path: { stream_id: streamId } } });
  const columns = asked.data ? spokenOf(change, asked.data.columns) : [];
  if (asked.data && columns.length === 0) return null;
  return (
    <section className="space-y-1.5">
      <h3 className="text-base">What the source holds there</h3>
      <States asked={asked} what="The column" empty={{ shows: "", because: "" }}>
        {() =>
          columns.map((one) => (
            <div key={one.name} className="space-y-1 rounded-box border border-line p-3 text-sm">
              <p>
                <code className="font-semibold">{one.name}</code>{" "}
                <span className="text-muted">
                  {one.inferred ?? "not read yet"}
                  {one.nulls !== null && `, ${percent(1 - one.nulls)} filled`}
                  {one.distinct !== null && `, ${count(one.distinct)} different`}
                </span>
              </p>
              <p className="flex flex-wrap gap-1.5">
                {one.top.slice(0, 8).map((value) => (
                  <code key={value} className="rounded bg-sunken px-1.5 py-0.5 text-xs break-all">
                    {value}
                  </code>
                ))}
              </p>
            </div>
          ))
        }
      </States>
    </section>
  );
}
