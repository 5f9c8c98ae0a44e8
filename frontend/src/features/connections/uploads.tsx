// Files that people send for a connection: dropped or chosen, each with its progress; those that are there, to be taken away again.
import { useQueryClient } from "@tanstack/react-query";
import { FileUp, Trash2 } from "lucide-react";
import { useId, useState, type DragEvent } from "react";
import { Bar } from "@/components/bar";
import { Confirm } from "@/components/confirm";
import { Listing } from "@/components/listing";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { Mark } from "@/components/mark";
import { send } from "@/features/connections/sending";
import { api, type Schemas } from "@/lib/client";
import { bytes, plural } from "@/lib/numbers";
import { can, useMe } from "@/lib/session";
import { troubleOf } from "@/lib/trouble";

type Seen = Schemas["FileSeen"];

interface Sending {
  name: string;
  size: number;
  sent: number;
  state: "running" | "succeeded" | "failed";
  why: string;
}

export function Uploads({ id }: { id: string }) {
  const may = can(useMe(), "change:connections");
  const queries = useQueryClient();
  const asked = api.useQuery("get", "/api/v1/connections/{connection_id}/files", { params: { path: { connection_id: id } } });
  const drop = api.useMutation("delete", "/api/v1/connections/{connection_id}/files/{name}");
  const again = async () => {
    await queries.invalidateQueries({ queryKey: ["get", "/api/v1/connections/{connection_id}/files"] });
    await queries.invalidateQueries({ queryKey: ["get", "/api/v1/connections/{connection_id}"] });
  };
  const remove = async (name: string) => {
    await drop.mutateAsync({ params: { path: { connection_id: id, name } } });
    await again();
  };
  const parts = [
    { head: "File", cell: (one: Seen) => <span className="font-semibold break-all">{one.name}</span> },
    { head: "Size", kind: "number" as const, cell: (one: Seen) => bytes(one.bytes) },
    { head: "Sent", cell: (one: Seen) => <Moment at={one.uploaded_at} /> },
    ...(may
      ? [
          {
            head: "Delete",
            kind: "actions" as const,
            cell: (one: Seen) => (
              <Confirm label={`Delete ${one.name}`} title={`Delete ${one.name}?`} about="The next sync reads what is left; rows that only this file held are then gone from the stream." act="Delete" onConfirm={() => remove(one.name)}>
                <Trash2 size={14} aria-hidden /> Delete
              </Confirm>
            ),
          },
        ]
      : []),
  ];
  return (
    <div className="space-y-4">
      {may && <Drop id={id} onSent={again} />}
      <Panel title="Files that were sent" asked={asked} what="The files" isEmpty={(said) => said.items.length === 0} empty={{ shows: "The files that this connection reads.", because: may ? "None was sent yet. Drop some above." : "None was sent yet." }} {...(asked.data ? { aside: plural(asked.data.items.length, "file") } : {})}>
        {({ items }) => <Listing label="Files" rows={items} rowKey={(one) => one.name} parts={parts} />}
      </Panel>
    </div>
  );
}

function Drop({ id, onSent }: { id: string; onSent: () => unknown }) {
  const field = useId();
  const [over, setOver] = useState(false);
  const [all, setAll] = useState<Sending[]>([]);
  const change = (name: string, changed: Partial<Sending>) => setAll((now) => now.map((one) => (one.name === name ? { ...one, ...changed } : one)));
  const take = async (files: File[]) => {
    setAll((now) => [...now.filter((one) => !files.some((file) => file.name === one.name)), ...files.map((file): Sending => ({ name: file.name, size: file.size, sent: 0, state: "running", why: "" }))]);
    for (const file of files) {
      try {
        await send(id, file, (sent) => change(file.name, { sent }));
        change(file.name, { sent: file.size, state: "succeeded" });
      } catch (error) {
        const trouble = troubleOf(error);
        change(file.name, { state: "failed", why: `${trouble.what} ${trouble.fix}`.trim() });
      }
      void onSent();
    }
  };
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take([...event.dataTransfer.files]);
  };
  return (
    <div className="space-y-2">
      {/* Dropping is another way to what the field inside does, which the keyboard reaches. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <label
        htmlFor={field}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={dropped}
        className={`flex cursor-pointer flex-col items-center gap-1 rounded-card border-2 border-dashed p-6 text-center has-focus-visible:outline-2 has-focus-visible:outline-blue ${over ? "border-green bg-sunken" : "border-muted bg-surface"}`}
      >
        <FileUp size={24} aria-hidden className="text-blue" />
        <span className="font-semibold">Drop files here, or choose them</span>
        <span className="text-sm text-muted">CSV, JSON lines, Parquet and their gzip; a file of the same name takes the place of the one before.</span>
        <input
          id={field}
          type="file"
          multiple
          className="sr-only"
          onChange={(event) => {
            void take([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
      </label>
      {all.length > 0 && (
        <ul aria-label="Being sent" className="space-y-1.5">
          {all.map((one) => (
            <li key={one.name} className="rounded-box border border-line bg-surface px-3 py-2 text-sm">
              <p className="flex flex-wrap justify-between gap-x-4">
                <span className="font-semibold break-all">{one.name}</span>
                <Mark state={one.state} word={one.state === "running" ? `${bytes(one.sent)} of ${bytes(one.size)}` : one.state === "succeeded" ? `sent, ${bytes(one.size)}` : "not sent"} />
              </p>
              {one.state === "running" && <Bar label={`${one.name}, sent`} done={one.sent} all={one.size} />}
              {one.why && <p role="alert" className="break-words text-red">{one.why}</p>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
