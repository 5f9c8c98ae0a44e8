// How much a tenant uses of what its operator lets it use.
import { Mark } from "@/components/mark";
import { Moment } from "@/components/moment";
import { Card, States } from "@/components/panel";
import { amount, share, standing, USES } from "@/lib/use";
import { api, type Schemas } from "@/lib/client";

const LOOK = { unlimited: "bg-blue", within: "bg-blue", near: "bg-amber", full: "bg-red" };

export function Usage() {
  const asked = api.useQuery("get", "/api/v1/usage", {}, { refetchInterval: 60_000 });
  return (
    <States asked={asked} what="The usage" empty={{ shows: "What is counted, and how much of it there may be.", because: "Nothing is counted yet." }} isEmpty={(said) => said.items.length === 0}>
      {({ items }) => (
        <div className="space-y-4">
          <div className="grid gap-4 lg:grid-cols-3">
            {items.map((use) => (
              <One key={use.name} use={use} />
            ))}
          </div>
          <p className="text-sm text-muted">The operator of this installation sets how much there may be. What would go beyond it is refused and says so; nothing that is here is taken away.</p>
        </div>
      )}
    </States>
  );
}

function One({ use }: { use: Schemas["UseSeen"] }) {
  const stands = standing(use);
  const called = USES[use.name];
  return (
    <Card title={called.name} {...(stands === "near" || stands === "full" ? { aside: <Mark state={`quota_${stands}`} /> } : {})}>
      <div className="space-y-2 p-4">
        <p className="text-2xl font-bold tabular-nums">{amount(use.name, use.used)}</p>
        <p className="text-sm text-muted">{use.most === null ? "There is no limit." : `of ${amount(use.name, use.most)}`}</p>
        {use.most !== null && (
          <div role="img" aria-label={`${amount(use.name, use.used)} of ${amount(use.name, use.most)}`} className="h-2 overflow-hidden rounded-full bg-sunken">
            <div className={`h-full min-w-1 rounded-full ${LOOK[stands]}`} style={{ width: `${(share(use) ?? 0) * 100}%` }} />
          </div>
        )}
        <p className="text-sm text-muted">
          {called.means} {use.resets_at && <>Counted anew <Moment at={use.resets_at} />.</>}
        </p>
      </div>
    </Card>
  );
}
