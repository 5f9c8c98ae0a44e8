// While a page is open, what it shows follows what happens in the tenant. One stream for each window.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { follow } from "@/lib/news";
import { useHere } from "@/lib/session";

export function useNews(): void {
  const queries = useQueryClient();
  const { tenant, user } = useHere();
  useEffect(() => follow(queries), [queries, tenant.id, user.id]); // a stream is one person's in one tenant
}
