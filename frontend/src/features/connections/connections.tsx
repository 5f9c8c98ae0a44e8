// The connections of the tenant, or the syncs of all of them; and the way to another one.
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { buttonClass } from "@/components/button";
import { Choices } from "@/components/choice";
import { Panel } from "@/components/panel";
import { ConnectionList } from "@/features/connections/connection-list";
import { SyncList } from "@/features/connections/sync-list";
import { api } from "@/lib/client";
import { often } from "@/lib/news";
import { can, useMe, WHO_DECIDES } from "@/lib/session";

export function Connections({ show, onShow }: { show: "syncs" | undefined; onShow: (show: "syncs" | undefined) => void }) {
  const may = can(useMe(), "create:connections");
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Choices label="What is shown" all={[{ key: "connections", word: "Connections" }, { key: "syncs", word: "All syncs" }]} chosen={show ?? "connections"} onChoose={(next) => onShow(next === "syncs" ? next : undefined)} />
        {may ? (
          <Link to="/connections/new" search={{}} className={buttonClass("primary")}><Plus size={14} aria-hidden /> Add a connection</Link>
        ) : (
          <p className="text-sm text-muted">You see what is connected. Adding one: {WHO_DECIDES.charAt(0).toLowerCase()}{WHO_DECIDES.slice(1)}</p>
        )}
      </div>
      {show === "syncs" ? <AllSyncs /> : <ConnectionList />}
    </>
  );
}

function AllSyncs() {
  const asked = api.useQuery("get", "/api/v1/syncs", { params: { query: { limit: 100 } } }, { refetchInterval: often(30_000) });
  return (
    <Panel title="Syncs of all connections, newest first" asked={asked} what="The syncs" isEmpty={(said) => said.items.length === 0} empty={{ shows: "Every reading of every connection, and the jobs of a connected Airbyte server, marked as such.", because: "Nothing has been read yet." }}>
      {({ items, away }) => (
        <>
          {away && <p role="status" className="border-b border-line bg-sunken px-4 py-2 text-sm text-amber">The other server does not answer, so its jobs are missing here. {away.what}</p>}
          <SyncList syncs={items} named />
        </>
      )}
    </Panel>
  );
}
