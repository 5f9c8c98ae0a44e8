// Leaving a tenant oneself.
import { useQueryClient } from "@tanstack/react-query";
import { Confirm } from "@/components/confirm";
import { api } from "@/lib/client";
import { ended, useHere } from "@/lib/session";

export function Leave() {
  const me = useHere();
  const queries = useQueryClient();
  const leave = api.useMutation("delete", "/api/v1/members/me");
  const go = async () => {
    await leave.mutateAsync({});
    ended(queries);
    window.location.assign("/sign-in");
  };
  return (
    <div className="space-y-3">
      <p className="text-sm text-muted">Who leaves needs a new invitation to come back. The last owner stays until somebody else is one.</p>
      <Confirm kind="danger" title={`Leave ${me.tenant.name}?`} about="You are signed out of it at once and your API keys of it are revoked." act="Leave" typed={me.tenant.slug} onConfirm={go}>
        Leave {me.tenant.name}
      </Confirm>
    </div>
  );
}
