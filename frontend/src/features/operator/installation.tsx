// What the operator of the installation has: its tenants by name, who lets them look, and the orchestrator.
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import { buttonClass } from "@/components/button";
import { Drawer } from "@/components/drawer";
import { Erasure } from "@/components/erasure";
import { NotAllowed } from "@/components/states";
import { Defaults } from "@/features/operator/defaults";
import { Granted } from "@/features/operator/granted";
import { MakeTenant } from "@/features/operator/make-tenant";
import { OneTenant } from "@/features/operator/one-tenant";
import { TenantList } from "@/features/operator/tenant-list";
import { api, type Schemas } from "@/lib/client";
import { can, useMe } from "@/lib/session";

interface Erased {
  name: string;
  signed: Schemas["ErasureSigned"];
}

export function Installation({ open, onOpen }: { open: string | undefined; onOpen: (slug: string | undefined) => void }) {
  const me = useMe();
  const [erased, setErased] = useState<Erased | null>(null);
  if (!me.operator) return <NotAllowed trouble={{ what: "This page is for operators of the installation.", fix: "Ask the operator of this installation." }} />;
  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-prose text-muted">You see tenants by name and never their rows, unless an owner or an admin of one lets you look for a time.</p>
        {can(me, "read:orchestrator") && (
          <a href="/dagster/" target="_blank" rel="noreferrer" className={buttonClass()}>
            Open the orchestrator <ExternalLink size={14} aria-hidden />
            <span className="sr-only">in a new window</span>
          </a>
        )}
      </div>
      <Granted />
      {can(me, "create:tenants") && <MakeTenant />}
      <TenantList />
      <Defaults />
      {open !== undefined && <Opened slug={open} onErased={setErased} onClose={() => onOpen(undefined)} />}
      {erased && <Erasure {...erased} onDone={() => setErased(null)} />}
    </div>
  );
}

function Opened({ slug, onErased, onClose }: { slug: string; onErased: (erased: Erased) => void; onClose: () => void }) {
  const asked = api.useQuery("get", "/api/v1/operator/tenants");
  const tenant = asked.data?.items.find((one) => one.slug === slug);
  if (!tenant) return null;
  return (
    <Drawer title={tenant.name} about={tenant.slug} open onClose={onClose}>
      <OneTenant
        key={tenant.id}
        tenant={tenant}
        onErased={(signed) => {
          onErased({ name: tenant.name, signed });
          onClose();
        }}
      />
    </Drawer>
  );
}
