// What the mapping says now of the field that a proposal is about.
import { api, type Schemas } from "@/lib/client";

export function useStanding(said: Schemas["ProposalDetail"]): unknown {
  const mappings = api.useQuery("get", "/api/v1/mappings");
  const mapping = mappings.data?.items.find((one) => one.stream_id === said.stream_id && one.entity === said.entity);
  const id = mapping?.mapping_id ?? "";
  const document = api.useQuery("get", "/api/v1/mappings/{mapping_id}", { params: { path: { mapping_id: id } } }, { enabled: id !== "" });
  return document.data ? standing(document.data.document, said.field) : null;
}

export function standing(document: Record<string, unknown>, field: string | null): unknown {
  if (field === null) return typeof document.key === "string" ? { key: document.key } : null;
  const fields = document.fields;
  return typeof fields === "object" && fields !== null ? ((fields as Record<string, unknown>)[field] ?? null) : null;
}
