// How a connection stands: what is under way, how old it is, what last moved, whose account it is, and which streams say most.
import { Bar } from "@/components/bar";
import { Facts } from "@/components/fields";
import { BalanceView } from "@/components/balance";
import { Button } from "@/components/button";
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Card, Panel } from "@/components/panel";
import { Skeleton } from "@/components/states";
import { movedIn, since, totalOf, worthShowing } from "@/features/connections/moved";
import { OnboardingCard } from "@/features/connections/onboarding-card";
import { lagOf, progress, unplanned } from "@/features/connections/state";
import { FirstLook } from "@/features/connections/first-look";
import { Safe } from "@/features/connections/tested";
import { Uploads } from "@/features/connections/uploads";
import { VanishingList } from "@/features/connections/vanishing";
import { api, type Schemas } from "@/lib/client";
import { useNow } from "@/lib/clock";
import { often } from "@/lib/news";
import { lasted } from "@/lib/time";
import { named } from "@/lib/words";

type Detail = Schemas["ConnectionDetail"];

interface OverviewProps {
  connection: Detail;
  readAt: number;
  onPart: (part: "syncs" | "streams") => void;
  onSecret: () => void;
}

export function Overview({ connection, readAt, onPart, onSecret }: OverviewProps) {
  const settingUp = connection.state === "onboarding";
  const onboarding = api.useQuery("get", "/api/v1/onboarding", {}, { enabled: settingUp, refetchInterval: settingUp ? 2_000 : false });
  const intent = onboarding.data?.items.find((one) => one.connection_id === connection.id);
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
      <div className="min-w-0 space-y-4">
        {settingUp && connection.config.uploads === true && <Uploads id={connection.id} />}
        {settingUp && onboarding.isPending && <Card title="The way to active"><Skeleton rows={6} /></Card>}
        {settingUp && intent && <OnboardingCard connection={connection} intent={intent} onSecret={onSecret} />}
        {settingUp && connection.streams > 0 && <FirstLook connection={connection} />}
        <VanishingList connection={connection} />
        {connection.syncing && <UnderWay syncing={connection.syncing} />}
        {!settingUp && <Selected id={connection.id} onPart={onPart} />}
      </div>
      <div className="min-w-0 space-y-4">
        <Card title="How it stands"><div className="p-4"><Standing connection={connection} readAt={readAt} /></div></Card>
        <Card title="Whose account">
          <div className="space-y-3 p-4">
            <Facts facts={[{ name: "Account", value: connection.probed?.account ? <code className="text-xs break-all">{connection.probed.account}</code> : <span className="text-muted">not asked yet</span> }, { name: "Asked", value: <Moment at={connection.probed?.at} /> }, { name: "Secret", value: connection.has_secret ? "kept sealed, never shown" : "none needed" }]} />
            {connection.probed && <Safe writable={connection.probed.writable} secret={connection.has_secret} />}
          </div>
        </Card>
        <Card title="How it is reached"><div className="p-4"><Facts facts={reached(connection)} /></div></Card>
      </div>
    </div>
  );
}

function Standing({ connection, readAt }: { connection: Detail; readAt: number }) {
  const now = useNow();
  const lag = lagOf(connection, readAt, now);
  const held = connection.detail.filter((one) => one.mappings.some((mapping) => mapping.state === "held")).length;
  return (
    <Facts
      facts={[
        { name: "Last read", value: lag.state === "never" ? <span className="text-muted">never</span> : <span className="inline-flex flex-wrap gap-x-2">{lag.words} <Mark state={lag.state} /></span> },
        { name: "Promise", value: lag.promise.replace("promised ", "") },
        { name: "Next sync", value: <Moment planned at={connection.next_sync_at} never={unplanned(connection)} /> },
        { name: "Connected", value: <Moment at={connection.created_at} /> },
        ...(connection.drift ? [{ name: "Drift", value: <span className="text-amber">{connection.drift.streams.join(", ")} changed shape <Moment at={connection.drift.seen_at} /></span> }] : []),
        ...(held > 0 ? [{ name: "Held", value: <span className="text-amber">a required field waits for a decision; nothing is lost</span> }] : []),
        ...(connection.note ? [{ name: "Note", value: connection.note }] : []),
      ]}
    />
  );
}

function UnderWay({ syncing }: { syncing: NonNullable<Detail["syncing"]> }) {
  const now = useNow();
  return (
    <Card title="Being read now" aside={<>for {lasted(syncing.started_at, new Date(now).toISOString())}</>}>
      <div className="space-y-2 p-4" data-syncing>
        <Bar label="Streams done" done={syncing.streams_done} all={syncing.streams} />
        <p className="tabular-nums">{progress(syncing)}</p>
      </div>
    </Card>
  );
}

/** The newest sync that moved data and any newer that failed or moved nothing; and the fewest streams that fill the ontology. */
function Selected({ id, onPart }: { id: string; onPart: OverviewProps["onPart"] }) {
  const asked = api.useQuery("get", "/api/v1/connections/{connection_id}/selection", { params: { path: { connection_id: id } } }, { refetchInterval: often(30_000) });
  return (
    <>
      <Panel title="What the last syncs moved" aside={<Button kind="quiet" onClick={() => onPart("syncs")}>All syncs</Button>} asked={asked} what="The syncs" isEmpty={(said) => said.syncs.length === 0} empty={{ shows: "The newest sync that moved data, and any newer one that failed or moved nothing.", because: "It has never been read." }}>
        {({ syncs }) => (
          <ol className="divide-y divide-line">
            {worthShowing(syncs).map((sync) => (
              <li key={sync.id} className="space-y-2 p-4">
                <p className="flex flex-wrap items-baseline justify-between gap-x-4">
                  <span className="flex flex-wrap items-baseline gap-x-2"><Mark state={sync.state} /> <span className={`min-w-0 break-words ${sync.state === "failed" ? "text-red" : ""}`}>{movedIn(sync)}</span></span>
                  <span className="text-sm text-muted"><Moment at={sync.started_at} />, {lasted(sync.started_at, sync.ended_at)}</span>
                </p>
                {sync.state === "failed" ? <p className="text-sm text-muted">What had landed stays; nothing was lost.</p> : totalOf(sync).rows > 0 && <BalanceView balance={totalOf(sync)} />}
              </li>
            ))}
            {since(syncs) && <li className="px-4 py-2.5 text-sm text-muted">Since the newest that moved data: {since(syncs)}.</li>}
          </ol>
        )}
      </Panel>
      {asked.data && asked.data.streams.length > 0 && (
        <Card title="The streams that say most" aside={<Button kind="quiet" onClick={() => onPart("streams")}>All streams</Button>}>
          <ul className="divide-y divide-line">
            {asked.data.streams.map((one) => (
              <li key={one.stream} className="px-4 py-2.5"><span className="font-semibold break-all">{one.stream}</span> <span className="line-clamp-3 text-sm text-muted" title={one.why}>{one.why.replaceAll("_", " ")}</span></li>
            ))}
          </ul>
          {asked.data.left_out.length > 0 && (
            <details className="border-t border-line px-4 py-2 text-sm">
              <summary className="cursor-pointer text-muted">What the others would add</summary>
              <ul className="max-h-64 space-y-1 overflow-y-auto pt-2">
                {asked.data.left_out.map((one) => <li key={one.stream}><span className="font-semibold break-all">{one.stream}</span>: <span className="text-muted">{one.why}</span></li>)}
              </ul>
            </details>
          )}
        </Card>
      )}
    </>
  );
}

const spelled = (value: unknown) => (value === true ? "yes" : typeof value === "string" ? value : JSON.stringify(value));
const filled = (value: unknown) => value !== null && value !== false && value !== "" && !(Array.isArray(value) && value.length === 0) && !(typeof value === "object" && Object.keys(value).length === 0);

const reached = (connection: Detail) => Object.entries(connection.config).filter(([, value]) => filled(value)).map(([name, value]) => ({ name: named(name), value: <code className="text-xs break-all">{spelled(value)}</code> }));
