// The one door to the server: the generated client, and the queries made of it.
import createFetchClient from "openapi-fetch";
import createQueries from "openapi-react-query";
import type { components, paths } from "@/api/schema";
import { keyed } from "@/lib/keyed";

export type Schemas = components["schemas"];

export const client = keyed(
  createFetchClient<paths>({
    baseUrl: window.location.origin,
    credentials: "same-origin",
    querySerializer: { object: { style: "form", explode: true } },
    fetch: (request: Request) => globalThis.fetch(request), // looked up at each call
  }),
);

export const api = createQueries(client);
