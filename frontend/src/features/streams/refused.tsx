// Rows or values that a mapping could not accept: field, value and reason of each.
import { Masked } from "@/components/masked";
import { States } from "@/components/panel";
import { api, type Schemas } from "@/lib/client";
import type { MappingId } from "@/lib/ids";
import { count } from "@/lib/numbers";
import { Button } from "@/components/button";

export function Refused({ id, kind, title }: { id: MappingId; kind: "row" | "cell"; title: string }) {
  const asked = api.useInfiniteQuery(
    "get",
    "/api/v1/mappings/{mapping_id}/quarantine",
    { params: { path: { mapping_id: id }, query: { kind, limit: 50 } } },
    { pageParamName: "cursor", initialPageParam: null, getNextPageParam: (last: Schemas["QuarantinePage"]) => last.next },
  );
  const pages = asked.data?.pages;
  const rows = pages?.flatMap((page) => page.rows) ?? [];
  const masked = new Set(pages?.flatMap((page) => page.masked));
  return (
    <section className="space-y-2" aria-label={title}>
      <h3 className="text-sm">{title}</h3>
      <States asked={{ ...asked, data: pages }} what="What was refused" isEmpty={() => rows.length === 0} empty={{ shows: "Rows with the field, the value and the reason.", because: "Nothing was refused." }}>
        {() => (
          <ul className="divide-y divide-line rounded-box border border-line text-sm">
            {rows.map((row) => (
              <li key={`${row.landing} ${row.row}`} className="px-3 py-2">
                <span className="font-semibold">{row.source_key ?? `row ${count(row.row + 1)}`}</span>
                {row.reasons.map((reason) => (
                  <p key={reason.field} className="text-muted">
                    <code className="text-xs">{reason.field}</code>: {reason.reason}
                    {masked.has(reason.field) && <Masked />}
                    {reason.value !== null && <> (<code className="text-xs break-all">{reason.value}</code>)</>}
                  </p>
                ))}
              </li>
            ))}
          </ul>
        )}
      </States>
      {asked.hasNextPage && <Button onClick={() => void asked.fetchNextPage()}>Show more</Button>}
    </section>
  );
}
