// The two questions of a table to the server: pages of its records, and how often each value occurs among them.
import { keepPreviousData } from "@tanstack/react-query";
import { questionOf, type TableSearch } from "@/features/data/finding";
import { api, type Schemas } from "@/lib/client";

const FIRST = 200;
const NEXT = 500; // who reads on wants more at once: the most that the API gives

/** Each filter as a parameter of its own, once per value; what is absent is left out. */
export function written(query: Record<string, unknown>): string {
  const { filters, ...rest } = query;
  const said = new URLSearchParams();
  for (const [name, value] of [...Object.entries(rest), ...Object.entries(filters ?? {})]) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof one === "string" || typeof one === "number") said.append(name, String(one));
    }
  }
  if (said.has("cursor")) said.set("limit", String(NEXT));
  return said.toString();
}

const querySerializer = (query: unknown) => written(query as Record<string, unknown>);

/** While other rows are asked for, those of before stay; a page of a version never changes, so a returning window asks for nothing. */
export const useRecords = (name: string, search: TableSearch) =>
  api.useInfiniteQuery(
    "get",
    "/api/v1/entities/{name}",
    { params: { path: { name }, query: { limit: FIRST, ...questionOf(search), ...(search.sort === undefined ? {} : { sort: search.sort }) } }, querySerializer },
    {
      pageParamName: "cursor", initialPageParam: null, getNextPageParam: (last: Schemas["RecordPage"]) => last.next, staleTime: 60_000,
      placeholderData: keepPreviousData, refetchOnWindowFocus: false, refetchOnReconnect: false,
    },
  );

export const useFacets = (name: string, search: TableSearch) =>
  api.useQuery("get", "/api/v1/entities/{name}/facets", { params: { path: { name }, query: questionOf(search) }, querySerializer }, { staleTime: 60_000, placeholderData: keepPreviousData });
