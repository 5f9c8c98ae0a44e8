// The words that are looked for: typed here, said in the address once the typing rests.
import { Search } from "lucide-react";
import { useEffect, useState } from "react";

const REST = 250; // milliseconds

export function SearchBox({ label, value, onChange }: { label: string; value: string | undefined; onChange: (words: string | undefined) => void }) {
  const said = value ?? "";
  const [typed, setTyped] = useState(said);
  const [seen, setSeen] = useState(said); // what the address said when this was last drawn
  const [sent, setSent] = useState(said);
  if (said !== seen) {
    setSeen(said);
    // Not our own word coming back, during which one may have typed on: somebody went back, or cleared.
    if (said !== sent) {
      setTyped(said);
      setSent(said);
    }
  }
  useEffect(() => {
    const words = typed.trim();
    if (words === sent) return undefined;
    const timer = window.setTimeout(() => {
      setSent(words);
      onChange(words === "" ? undefined : words);
    }, REST);
    return () => window.clearTimeout(timer);
  }, [typed, sent, onChange]);
  return (
    <label className="flex min-h-8 min-w-0 flex-1 basis-full items-center gap-2 rounded-box border border-muted bg-surface px-2 focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-blue sm:max-w-md sm:basis-0">
      <Search size={14} aria-hidden className="shrink-0 text-muted" />
      <span className="sr-only">{label}</span>
      <input type="search" value={typed} maxLength={200} placeholder={label} onChange={(event) => setTyped(event.target.value)} className="min-w-0 flex-1 bg-transparent py-1 text-sm outline-none placeholder:text-muted" />
    </label>
  );
}
