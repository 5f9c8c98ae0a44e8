// A moment: relative for reading, exact for who hovers or listens.
import { useNow } from "@/lib/clock";
import { ago, exactly } from "@/lib/time";

export function Moment({ at, never = "never" }: { at: string | null | undefined; never?: string }) {
  const now = useNow();
  if (!at) return <span className="text-muted">{never}</span>;
  return (
    <time dateTime={at} title={exactly(at)} className="whitespace-nowrap">
      {ago(at, now)}
    </time>
  );
}
