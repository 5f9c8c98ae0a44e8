// Tenants that let the operator look, and going there.
import { useQueryClient } from "@tanstack/react-query";
import { Eye } from "lucide-react";
import { Button } from "@/components/button";
import { Refused } from "@/components/form";
import { Moment } from "@/components/moment";
import { Card } from "@/components/panel";
import { api } from "@/lib/client";
import { begun, useMe } from "@/lib/session";

export function Granted() {
  const me = useMe();
  const queries = useQueryClient();
  const go = api.useMutation("post", "/api/v1/auth/switch", {
    onSuccess: () => {
      begun(queries);
      window.location.assign("/");
    },
  });
  if (me.granted.length === 0) return null;
  return (
    <Card title="Let you look">
      <ul className="divide-y divide-line">
        {me.granted.map((one) => (
          <li key={one.slug} className="flex flex-wrap items-center justify-between gap-3 px-4 py-3">
            <span>
              <span className="font-semibold">{one.name}</span> <span className="text-muted">until <Moment at={one.until} />; what you look at stands in its audit log</span>
            </span>
            <Button disabled={go.isPending || me.tenant?.slug === one.slug} onClick={() => go.mutate({ body: { tenant: one.slug } })}>
              <Eye size={14} aria-hidden /> Look
            </Button>
          </li>
        ))}
      </ul>
      {go.error && <div className="px-4 pb-3"><Refused error={go.error} what="You stay where you are." /></div>}
    </Card>
  );
}
