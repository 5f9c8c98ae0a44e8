// Erasing the tenant: everything of it, for ever, by its owner who types its name.
import { useState } from "react";
import { Confirm } from "@/components/confirm";
import { Erasure } from "@/components/erasure";
import { Card } from "@/components/panel";
import { api, type Schemas } from "@/lib/client";
import { forget, useHere } from "@/lib/session";

export function Erase() {
  const { tenant } = useHere();
  const [signed, setSigned] = useState<Schemas["ErasureSigned"] | null>(null);
  const erase = api.useMutation("post", "/api/v1/tenant/erasure", { retry: false });
  const go = async () => {
    const said = await erase.mutateAsync({ body: { slug: tenant.slug } });
    forget(); // the session went with the tenant; the report stays on the screen until somebody has read it
    setSigned(said);
  };
  return (
    <Card title="Erase">
      <div className="space-y-3 p-4">
        <p className="max-w-prose text-muted">Everything of {tenant.name} goes from every store: rows, files, versions, keys, and members who are in no other tenant. You get a signed report. Export it before, if anything shall be kept.</p>
        <Confirm
          kind="danger"
          title={`Erase ${tenant.name} for ever?`}
          about="Nobody can bring it back, not even who runs this installation, and its short name is never given again. Everybody in it is signed out at once."
          act={`Erase ${tenant.name}`}
          typed={tenant.slug}
          onConfirm={go}
        >
          Erase {tenant.name}
        </Confirm>
      </div>
      {signed && <Erasure name={tenant.name} signed={signed} onDone={() => window.location.assign("/sign-in")} />}
    </Card>
  );
}
