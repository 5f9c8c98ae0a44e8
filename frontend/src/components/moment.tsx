// A moment: relative for reading, exact for who hovers or listens.
import { useNow } from "@/lib/clock";
import { ago, due, exactly } from "@/lib/time";

export function Moment({ at, never = "never", planned = false }: { at: string | null | undefined; never?: string; planned?: boolean }) {
  const now = useNow();
  if (!at) return <span className="text-muted">{never}</span>;
  return (
    <time dateTime={at} title={exactly(at)} className="whitespace-nowrap">
      {planned ? due(at, now) : ago(at, now)}
    </time>
  );
}
