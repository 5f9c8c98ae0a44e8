// Everything of the tenant as one archive: made when it is asked for, handed to this browser, and kept nowhere.
import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { Button } from "@/components/button";
import { Refused } from "@/components/form";
import { Card } from "@/components/panel";
import { client } from "@/lib/client";
import { hand } from "@/lib/hand";
import { useHere } from "@/lib/session";

export function Export() {
  const { tenant } = useHere();
  const make = useMutation({
    mutationFn: async () => {
      const { data, error } = await client.POST("/api/v1/export", { parseAs: "blob" });
      if (error) throw error as unknown as Error; // the server's own words
      return data;
    },
    onSuccess: (archive) => hand(archive, `${tenant.slug}.zip`),
    retry: false,
  });
  return (
    <Card title="Export">
      <div className="space-y-3 p-4">
        <p className="max-w-prose text-muted">Everything of {tenant.name} as one archive, which another installation imports: rows, files, members and the audit log, without any password, key or secret. It is not kept here, and that you asked for it stands in the audit log.</p>
        <Refused error={make.error} what="Nothing was exported." />
        <div className="flex flex-wrap items-center gap-3">
          <Button disabled={make.isPending} onClick={() => make.mutate()}>
            <Download size={14} aria-hidden /> {make.isPending ? "Exporting …" : "Export everything"}
          </Button>
          <p role="status" className="text-sm text-muted">
            {make.isPending && "This takes as long as there is data. Keep this window open."}
            {make.isSuccess && "The archive was handed to your browser."}
          </p>
        </div>
      </div>
    </Card>
  );
}
