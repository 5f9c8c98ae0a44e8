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
  const current = me.tenant?.id;
  const name = me.tenant?.name ?? "No tenant";
  const shown = (
    <>
      <Building2 size={14} aria-hidden className="shrink-0 text-muted" />
      <span className={`max-w-32 truncate ${me.tenant ? "" : "sr-only sm:not-sr-only"}`}>{name}</span>
    </>
  );
  const lent = me.granted.filter((one) => one.slug !== me.tenant?.slug);
  if (lent.length === 0 && !me.tenants.some((one) => one.id !== current)) {
    return (
      <span className="inline-flex min-w-0 items-center gap-1.5 text-sm font-semibold" title={me.tenant ? `Tenant ${name}` : "You look at no tenant's data"}>
        {shown}
      </span>
    );
  }
  return (
    <Menu
      trigger={
        <button type="button" aria-label={me.tenant ? `Tenant ${name}, change` : "No tenant, choose one"} className="inline-flex min-h-8 min-w-0 items-center gap-1.5 rounded-box border border-line bg-surface px-2.5 text-sm font-semibold hover:bg-sunken">
          {shown}
          <ChevronDown size={14} aria-hidden />
        </button>
      }
    >
      {me.tenants.map((one) => (
        <DropdownMenu.Item key={one.id} className={menuItem} disabled={one.id === current} onSelect={() => change.mutate({ body: { tenant: one.slug } })}>
          <span>
            {one.name} <span className="font-medium text-muted">as {one.role}</span>
          </span>
          {one.id === current && <Check size={16} className="ml-auto text-green" aria-label="current" />}
        </DropdownMenu.Item>
      ))}
      {lent.map((one) => (
        <DropdownMenu.Item key={one.slug} className={menuItem} onSelect={() => change.mutate({ body: { tenant: one.slug } })}>
          <span>
            {one.name} <span className="font-medium text-muted">lets you look, as an operator</span>
          </span>
        </DropdownMenu.Item>
      ))}
    </Menu>
  );
}
