// Whether the audit log is as it was written: the server follows it from its first entry to its last.
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { Button } from "@/components/button";
import { Refused } from "@/components/form";
import { api, type Schemas } from "@/lib/client";
import { count, plural } from "@/lib/numbers";

export function Checked() {
  const asked = api.useQuery("get", "/api/v1/audit/verify", {}, { enabled: false });
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 rounded-card border border-line bg-surface p-4">
      <div className="min-w-0 flex-1 basis-64" role="status">
        {asked.data ? <Verdict said={asked.data} /> : <p className="text-muted">Each entry is sealed to the one before it, with a key that is kept outside the database: what is changed, removed or put in between shows.</p>}
        <Refused error={asked.error} what="The log was not checked." />
      </div>
      <Button disabled={asked.isFetching} onClick={() => void asked.refetch()}>
        {asked.isFetching ? "Checking …" : "Check the log"}
      </Button>
    </div>
  );
}

function Verdict({ said }: { said: Schemas["LogChecked"] }) {
  if (said.sound) {
    return (
      <p className="flex gap-2">
        <ShieldCheck size={18} aria-hidden className="mt-0.5 shrink-0 text-green" />
        <span>
          <span className="font-semibold">The log is as it was written.</span> {plural(said.entries, "entry", "entries")} from the first to the last.
        </span>
      </p>
    );
  }
  return (
    <p className="flex gap-2">
      <ShieldAlert size={18} aria-hidden className="mt-0.5 shrink-0 text-red" />
      <span>
        <span className="font-semibold text-red">The log was changed{said.first_bad === null ? "" : ` from entry ${count(said.first_bad)} on`}.</span> {said.why} Tell who runs this installation; the first {plural(said.entries, "entry", "entries")} can be believed.
      </span>
    </p>
  );
}
