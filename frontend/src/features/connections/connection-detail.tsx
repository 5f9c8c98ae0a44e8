// One connection: how it stands and what can be done with it; its streams, syncs, changes of shape and files, a part each in the address.
import { Link } from "@tanstack/react-router";
import { Choices, type Choice } from "@/components/choice";
import { Demo } from "@/components/demo";
import { Drawer } from "@/components/drawer";
import { LiveDot } from "@/components/live-dot";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Heading } from "@/components/page";
import { Panel, States } from "@/components/panel";
import { Acts } from "@/features/connections/acts";
import { Edit, Reauthorise } from "@/features/connections/edit";
import { Overview } from "@/features/connections/overview";
import { SchemaChanges } from "@/features/connections/schema-changes";
import { stateOf, syncingOf } from "@/features/connections/state";
import { StreamDrawer } from "@/features/connections/stream-drawer";
import { StreamList } from "@/features/connections/stream-list";
import { SyncList } from "@/features/connections/sync-list";
import { Uploads } from "@/features/connections/uploads";
import { api, type Schemas } from "@/lib/client";
import { useNow } from "@/lib/clock";
import { isDemo } from "@/lib/freshness";
import { streamId, type ConnectionId } from "@/lib/ids";
import { often, useTelling } from "@/lib/news";
import { plural } from "@/lib/numbers";
import { useMe } from "@/lib/session";
import { sourceName } from "@/lib/words";

export type ConnectionPart = "overview" | "streams" | "syncs" | "schema" | "files";

/** What the address says: the part, the stream that is open over it, and the form that is. */
export interface ConnectionSearch {
  part?: Exclude<ConnectionPart, "overview"> | undefined;
  stream?: string | undefined;
  open?: "edit" | "secret" | undefined;
}

interface Shown {
  id: ConnectionId;
  search: ConnectionSearch;
  onSearch: (search: ConnectionSearch) => void;
}

export function ConnectionDetail({ id, search, onSearch }: Shown) {
  const me = useMe();
  const now = useNow();
  const telling = useTelling();
  const asked = api.useQuery("get", "/api/v1/connections/{connection_id}", { params: { path: { connection_id: id } } }, { refetchInterval: often(15_000) });
  const { data } = asked;
  const state = data && stateOf(data, now);
  const live = data && syncingOf(data, telling);
  const { part } = search;
  const open = (form?: "edit" | "secret") => onSearch({ part, open: form });
  return (
    <>
      <Heading
        trail={[<Link key="all" to="/connections" search={{}} className="hover:text-text">Connections</Link>]}
        title={data?.name ?? "Connection"}
        about={
          data && (
            <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span>{sourceName(data.source)}, {plural(data.streams, "stream")}</span>
              {isDemo(data) && <Demo />}
              {live ? <><LiveDot said={live} /> <span>since <Moment at={data.syncing?.started_at} /></span></> : state && <Mark state={state.state} word={state.words} />}
            </span>
          )
        }
        action={data && <Acts me={me} connection={data} onEdit={() => open("edit")} onSecret={() => open("secret")} />}
      />
      <States asked={asked} what="The connection" empty={{ shows: "", because: "" }}>
        {(connection) => (
          <>
            <Choices label="Part of the connection" all={partsOf(connection)} chosen={part ?? "overview"} onChoose={(next) => onSearch(next === "overview" ? {} : { part: next })} />
            {part === undefined && <Overview connection={connection} readAt={asked.dataUpdatedAt} onPart={(next) => onSearch({ part: next })} onSecret={() => open("secret")} />}
            {part === "streams" && <StreamList connection={connection} />}
            {part === "syncs" && <Syncs id={id} />}
            {part === "schema" && <SchemaChanges id={id} />}
            {part === "files" && <Uploads id={id} />}
            {search.stream && (
              <StreamDrawer key={search.stream} id={streamId(search.stream)} balances={connection.detail.find((one) => one.id === search.stream)} onClose={() => onSearch({ part })} />
            )}
            {search.open === "edit" && <Drawer title={`Edit ${connection.name}`} about="What it is called, where it is, and how fresh it must be." open onClose={() => open()}><Edit connection={connection} onDone={() => open()} /></Drawer>}
            {search.open === "secret" && <Drawer title={`Re-authorise ${connection.name}`} about="New credentials in the place of the old ones." open onClose={() => open()}><Reauthorise connection={connection} onDone={() => open()} /></Drawer>}
          </>
        )}
      </States>
    </>
  );
}

const partsOf = (connection: Schemas["ConnectionDetail"]): Choice<ConnectionPart>[] => [
  { key: "overview", word: "Overview" },
  { key: "streams", word: "Streams", count: connection.streams },
  { key: "syncs", word: "Syncs" },
  { key: "schema", word: "Schema changes" },
  ...(connection.config.uploads === true ? [{ key: "files" as const, word: "Files" }] : []),
];

function Syncs({ id }: { id: ConnectionId }) {
  const asked = api.useQuery("get", "/api/v1/connections/{connection_id}/syncs", { params: { path: { connection_id: id }, query: { limit: 50 } } }, { refetchInterval: often(30_000) });
  return (
    <Panel title="Syncs, newest first" asked={asked} what="The syncs" isEmpty={(said) => said.items.length === 0} empty={{ shows: "Every reading of this connection, stream by stream, with what it read, landed and deleted.", because: "It has never been read." }}>
      {({ items }) => <SyncList syncs={items} />}
    </Panel>
  );
}
