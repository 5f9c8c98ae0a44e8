// Every component in every state, in both themes side by side: development only, never in what is shipped.
import { DropdownMenu } from "radix-ui";
import { useState, type ReactNode } from "react";
import { BalanceView } from "@/components/balance";
import { Bar } from "@/components/bar";
import { Button, Key } from "@/components/button";
import { Change } from "@/components/change";
import { Choices } from "@/components/choice";
import { Confirm } from "@/components/confirm";
import { Copied } from "@/components/copied";
import { Demo } from "@/components/demo";
import { Drawer } from "@/components/drawer";
import { Erasure } from "@/components/erasure";
import { Facts, SourceRow } from "@/components/fields";
import { Field, INPUT, Refused, Select } from "@/components/form";
import { Grid } from "@/components/grid";
import { Listing } from "@/components/listing";
import { LiveDot } from "@/components/live-dot";
import { Mark, MARKS } from "@/components/mark";
import { Masked } from "@/components/masked";
import { Menu, menuItem } from "@/components/menu";
import { Moment } from "@/components/moment";
import { Heading } from "@/components/page";
import { Card, Panel } from "@/components/panel";
import { Secret } from "@/components/secret";
import { Late, Skeleton } from "@/components/states";
import { Value } from "@/components/value";
import { ASKED, BALANCES, ERASED, LIVE, ROWS, TROUBLE, TROUBLE_SAID, VALUES, type GalleryRow } from "@/features/gallery/samples";

export function Gallery() {
  return (
    <main className="grid min-w-0 lg:grid-cols-2">
      {(["light", "dark"] as const).map((theme) => (
        <div key={theme} data-theme={theme} className="min-w-0 space-y-6 bg-bg p-6 text-text">
          <h1 className="text-2xl">AOS Gallery, {theme}</h1>
          <Shelf />
        </div>
      ))}
    </main>
  );
}

function Shelf() {
  const [chosen, setChosen] = useState<"one" | "two">("one");
  const [open, setOpen] = useState(false);
  const [erased, setErased] = useState(false);
  return (
    <>
      <Heading trail={["Data", "Opportunities"]} title="A thing" about="What it is, in a line." action={<Button>Do it</Button>} />
      <Sample title="Buttons">
        <Button kind="primary">Approve <Key>a</Key></Button>
        <Button>Edit</Button>
        <Button kind="quiet">Not now</Button>
        <Button kind="danger">Reject</Button>
        <Button kind="primary" disabled>Approving …</Button>
      </Sample>
      <Sample title="States of a thing">{MARKS.map((state) => <Mark key={state} state={state} />)}</Sample>
      <Sample title="Made up or not"><Demo /></Sample>
      <Card title="How far something is"><div className="p-4"><Bar label="Streams done" done={2} all={7} /></div></Card>
      <Sample title="Live or not">{LIVE.map((said) => <LiveDot key={said.word} said={said} />)}</Sample>
      <Sample title="Choices">
        <Choices label="Choices" all={[{ key: "one", word: "Waiting", count: 3 }, { key: "two", word: "Decided" }]} chosen={chosen} onChoose={setChosen} />
      </Sample>
      <Sample title="Values">
        <Facts facts={VALUES.map(({ field, value }) => ({ name: field.type, value: <Value value={value} field={field} currency="USD" /> }))} />
      </Sample>
      <Sample title="Masked for a role"><Masked /><Value value={null} field={{ type: "money", unit: null, masked: true }} currency="USD" /></Sample>
      <Sample title="Moments and copies"><Moment at="2026-03-02T09:30:00Z" /><Moment at={null} /><Copied label="Trace" text="4bf92f3577b34da6a3ce929d0e0e4736" /></Sample>
      <Card title="Balances"><div className="space-y-5 p-4">{BALANCES.map((balance) => <BalanceView key={balance.whole + String(balance.balanced)} balance={balance} />)}</div></Card>
      <Card title="A change"><div className="p-4"><Change name="account.industry" before={{ from: "Branch" }} after={{ from: "Sector", values: { Energy: "energy" } }} /></div></Card>
      <Card title="A source row, a cell marked, one masked"><SourceRow values={{ Id: "A-1", Sector: "energy", Owner: null, Fax: "" }} marked={new Set(["Sector"])} masked={["Owner"]} /></Card>
      {ASKED.map(({ title, asked }) => (
        <Panel key={title} title={`Panel: ${title}`} asked={asked} what="The figures" isEmpty={(said: string) => said === ""} empty={{ shows: "What will stand here.", because: "Why there is nothing yet.", action: <Button>What fills it</Button> }}>
          {(said) => <p className="p-4">{said}</p>}
        </Panel>
      ))}
      <Card title="Late"><Late trouble={TROUBLE} /></Card>
      <Card title="Skeleton of tall parts"><Skeleton rows={2} tall /></Card>
      <Card title="A table of 100,000 rows">
        <Grid label="Rows" columns={COLUMNS} rows={ROWS} rowKey={(row) => String(row.id)} total={ROWS.length} more={{ has: false, busy: false, load: () => undefined }} />
      </Card>
      <Sample title="A menu">
        <Menu trigger={<Button>Choose</Button>}>
          <DropdownMenu.Item className={menuItem}>One</DropdownMenu.Item>
          <DropdownMenu.Item className={menuItem} disabled>Two</DropdownMenu.Item>
        </Menu>
      </Sample>
      <Card title="A form">
        <div className="space-y-3 p-4">
          <Field label="Name" hint="What others read.">
            <input className={INPUT} defaultValue="Ada" />
          </Field>
          <Select label="Role" value={chosen} options={[{ value: "one", word: "Viewer" }, { value: "two", word: "Analyst" }]} onChoose={setChosen} />
          <Refused error={TROUBLE_SAID} what="Nothing was changed." />
        </div>
      </Card>
      <Card title="A secret"><Secret label="Key" text="aos_7Qm2_0f3b" until="It ends in 90 days." onDone={() => undefined} /></Card>
      <Card title="A short list"><Listing label="Members" rows={ROWS.slice(0, 2)} rowKey={(row) => row.name} parts={PARTS} /></Card>
      <Sample title="Questions">
        <Confirm title="Remove Ada?" about="She is signed out at once." act="Remove" onConfirm={() => Promise.resolve()}>Remove</Confirm>
        <Confirm kind="danger" title="Erase Acme?" about="Nothing brings it back." act="Erase" typed="acme" onConfirm={() => Promise.resolve()}>Erase</Confirm>
      </Sample>
      <Sample title="A report"><Button onClick={() => setErased(true)}>Open the report</Button></Sample>
      {erased && <Erasure name="Acme" signed={ERASED} onDone={() => setErased(false)} />}
      <Sample title="A drawer"><Button onClick={() => setOpen(true)}>Open</Button></Sample>
      <Drawer title="One thing" about="Esc closes it." open={open} onClose={() => setOpen(false)}><p className="p-4">What it says.</p></Drawer>
    </>
  );
}

const COLUMNS = [
  { key: "id", head: "Record", width: 10, cell: (row: GalleryRow) => row.name },
  { key: "n", head: "Number", width: 8, numeric: true, cell: (row: GalleryRow) => row.id },
];

const PARTS = [
  { head: "Name", cell: (row: GalleryRow) => row.name },
  { head: "Number", kind: "number" as const, cell: (row: GalleryRow) => row.id },
  { head: "What to do", kind: "actions" as const, cell: () => <Button>Change</Button> },
];

const Sample = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="space-y-2" aria-label={title}>
    <h2 className="text-base">{title}</h2>
    <div className="flex flex-wrap items-center gap-3">{children}</div>
  </section>
);
