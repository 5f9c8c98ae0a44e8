// First rows of a connection that is being set up, asked of the source again; nothing of them is stored.
import { useState } from "react";
import { Card } from "@/components/panel";
import { PreviewChoice, ROWS } from "@/features/connections/preview";
import { api, type Schemas } from "@/lib/client";
import { can, useMe } from "@/lib/session";

export function FirstLook({ connection }: { connection: Schemas["ConnectionDetail"] }) {
  const may = can(useMe(), "change:connections");
  const [stream, setStream] = useState<string | null>(null);
  const look = api.useMutation("post", "/api/v1/connections/{connection_id}/preview");
  const choose = (one: string) => {
    setStream(one);
    look.mutate({ params: { path: { connection_id: connection.id } }, body: { stream: one, limit: ROWS } });
  };
  if (!may) return null;
  return (
    <Card title="First rows">
      <div className="p-4">
        <PreviewChoice streams={connection.detail.map((one) => one.name)} chosen={stream} looked={{ data: look.data, error: look.error, isPending: look.isPending }} onChoose={choose} />
      </div>
    </Card>
  );
}
