// What is left of a tenant that was erased: a signed report, which is worth keeping.
import { Download } from "lucide-react";
import { Dialog } from "radix-ui";
import { Button } from "@/components/button";
import { Facts } from "@/components/fields";
import type { Schemas } from "@/lib/client";
import { erased, kept } from "@/lib/erasure";
import { hand } from "@/lib/hand";
import { plural } from "@/lib/numbers";

export function Erasure({ name, signed, onDone }: { name: string; signed: Schemas["ErasureSigned"]; onDone: () => void }) {
  const left = kept(signed.report);
  const keep = () => hand(new Blob([JSON.stringify(signed, null, 1)], { type: "application/json" }), `erasure of ${name}.json`);
  return (
    <Dialog.Root open>
      <Dialog.Portal>
        <div aria-hidden className="fixed inset-0 z-40 bg-shade" />
        <Dialog.Content aria-describedby={undefined} className="fixed inset-x-3 top-[8dvh] z-50 mx-auto max-h-[84dvh] max-w-lg space-y-4 overflow-y-auto rounded-card border border-line bg-surface p-5 shadow-float outline-none" data-erasure>
          <Dialog.Title className="text-lg break-words">{signed.now ? `${name} is erased` : `${name} was erased before`}</Dialog.Title>
          <p className="text-muted">Keep this report: it is signed by this installation, and it is all that is left.</p>
          <Facts
            facts={[
              ...erased(signed.report).map((one) => ({ name: one.where, value: plural(one.count, "thing") })),
              { name: "Left", value: left === 0 ? "nothing" : <span className="text-red">{plural(left, "thing")}: erase it again, or tell who runs this installation</span> },
              { name: "Signature", value: <code className="text-xs break-all">{signed.signature}</code> },
            ]}
          />
          <div className="flex flex-wrap gap-2">
            <Button kind="primary" onClick={keep}>
              <Download size={14} aria-hidden /> Keep the report
            </Button>
            <Button onClick={onDone}>Done</Button>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
