// The tenant that is looked at; a person with several changes it here.
import { useQueryClient } from "@tanstack/react-query";
import { Building2, Check, ChevronDown } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { Menu, menuItem } from "@/components/menu";
import { api } from "@/lib/client";
import { begun, useMe } from "@/lib/session";

export function TenantMenu() {
  const me = useMe();
  const queries = useQueryClient();
  const change = api.useMutation("post", "/api/v1/auth/switch", {
    onSuccess: () => {
      begun(queries);
      window.location.assign("/"); // a fresh start: what the URL names belongs to the tenant that is left
    },
  });
  const shown = (
    <>
      <Building2 size={14} aria-hidden className="shrink-0 text-muted" />
      <span className="max-w-32 truncate">{me.tenant.name}</span>
    </>
  );
  if (me.tenants.length < 2) {
    return (
      <span className="inline-flex min-w-0 items-center gap-1.5 text-sm font-semibold" title={`Tenant ${me.tenant.name}`}>
        {shown}
      </span>
    );
  }
  return (
    <Menu
      trigger={
        <button type="button" aria-label={`Tenant ${me.tenant.name}, change`} className="inline-flex min-h-8 min-w-0 items-center gap-1.5 rounded-box border border-line bg-surface px-2.5 text-sm font-semibold hover:bg-sunken">
          {shown}
          <ChevronDown size={14} aria-hidden />
        </button>
      }
    >
      {me.tenants.map((one) => (
        <DropdownMenu.Item key={one.id} className={menuItem} disabled={one.id === me.tenant.id} onSelect={() => change.mutate({ body: { tenant: one.slug } })}>
          <span>
            {one.name} <span className="font-medium text-muted">as {one.role}</span>
          </span>
          {one.id === me.tenant.id && <Check size={16} className="ml-auto text-green" aria-label="current" />}
        </DropdownMenu.Item>
      ))}
    </Menu>
  );
}
