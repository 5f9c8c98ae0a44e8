// The command palette: pages, entities and streams by name, from anywhere.
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Boxes, LayoutDashboard, Plug, Rows3 } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { api } from "@/lib/client";
import { useFocusBack } from "@/lib/focus";
import { isHere, useMe } from "@/lib/session";
import { named } from "@/lib/words";

const ITEM = "flex min-h-10 cursor-pointer items-center gap-3 rounded-box px-3 text-base aria-selected:bg-sunken";
const GROUP = "px-1.5 pb-2 [&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-bold [&_[cmdk-group-heading]]:text-muted";
const PAGES = [
  { to: "/", name: "Dashboard", ofATenant: true },
  { to: "/approvals", name: "Approvals", ofATenant: true },
  { to: "/connections", name: "Connections", ofATenant: true },
  { to: "/discover", name: "Discover", ofATenant: true },
  { to: "/data", name: "Data", ofATenant: true },
  { to: "/runs", name: "Runs", ofATenant: true },
  { to: "/settings", name: "Settings", ofATenant: false },
] as const;

export function Palette({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
  const back = useFocusBack();
  return (
    <Dialog.Root open={open} onOpenChange={onOpen}>
      <Dialog.Portal>
        <div aria-hidden className="fixed inset-0 z-40 animate-appear bg-shade" />
        <Dialog.Content aria-describedby={undefined} onCloseAutoFocus={back} className="fixed inset-x-3 top-[12dvh] z-50 mx-auto max-w-xl animate-appear overflow-hidden rounded-card border border-line bg-surface shadow-float outline-none">
          <Dialog.Title className="sr-only">Search pages, streams and entities</Dialog.Title>
          <Found onDone={() => onOpen(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Found({ onDone }: { onDone: () => void }) {
  const navigate = useNavigate();
  const me = useMe();
  const asked = { enabled: isHere(me) };
  const entities = api.useQuery("get", "/api/v1/entities", {}, asked);
  const streams = api.useQuery("get", "/api/v1/streams", {}, asked);
  const connections = api.useQuery("get", "/api/v1/connections", {}, asked);
  const go = (how: Promise<void>) => {
    onDone();
    void how;
  };
  return (
    <Command label="Search" loop filter={(value, search) => (value.toLowerCase().includes(search.trim().toLowerCase()) ? 1 : 0)}>
      <Command.Input placeholder="A page, an entity, a stream …" className="w-full border-b border-line bg-surface px-4 py-3 text-lg outline-none" />
      <Command.List className="max-h-[50dvh] overflow-y-auto py-2">
        <Command.Empty className="px-4 py-3 text-muted">Nothing is called like that.</Command.Empty>
        <Command.Group heading="Pages" className={GROUP}>
          {PAGES.filter((page) => isHere(me) || !page.ofATenant).map((page) => (
            <Item key={page.to} value={`page ${page.name}`} icon={<LayoutDashboard size={16} aria-hidden className="text-muted" />} name={page.name} onSelect={() => go(navigate({ to: page.to, search: {} }))} />
          ))}
        </Command.Group>
        <Command.Group heading="Entities" className={GROUP}>
          {entities.data?.entities.map((one) => (
            <Item key={one.name} value={`entity ${one.name} ${one.plural} ${one.alias.join(" ")}`} icon={<Boxes size={16} aria-hidden className="text-green" />} name={named(one.plural)} onSelect={() => go(navigate({ to: "/data/$entity", params: { entity: one.name }, search: {} }))} />
          ))}
        </Command.Group>
        <Command.Group heading="Streams" className={GROUP}>
          {streams.data?.items.map((one) => (
            <Item key={one.id} value={`stream ${one.label}`} icon={<Rows3 size={16} aria-hidden className="text-blue" />} name={one.label} onSelect={() => go(navigate({ to: "/streams/$streamId", params: { streamId: one.id }, search: {} }))} />
          ))}
        </Command.Group>
        <Command.Group heading="Connections" className={GROUP}>
          {connections.data?.items.map((one) => (
            <Item key={one.id} value={`connection ${one.name}`} icon={<Plug size={16} aria-hidden className="text-blue" />} name={one.name} onSelect={() => go(navigate({ to: "/connections/$connectionId", params: { connectionId: one.id } }))} />
          ))}
        </Command.Group>
      </Command.List>
    </Command>
  );
}

const Item = ({ value, icon, name, onSelect }: { value: string; icon: ReactNode; name: string; onSelect: () => void }) => (
  <Command.Item value={value} onSelect={onSelect} className={ITEM}>
    {icon} {name}
  </Command.Item>
);
