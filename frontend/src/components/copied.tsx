// A text that is meant to be taken elsewhere: an id, a trace.
import { Check, Copy } from "lucide-react";
import { useState } from "react";

export function Copied({ label, text, shown }: { label: string; text: string; shown?: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    window.setTimeout(() => setDone(false), 1600);
  };
  return (
    <button
      type="button"
      onClick={() => void copy()}
      title={`Copy ${text}`}
      className="inline-flex max-w-full items-center gap-1.5 rounded-box border border-line bg-surface px-2 py-0.5 text-xs text-muted hover:text-text"
    >
      <span>{label}</span>
      <code className="truncate">{shown ?? text}</code>
      {done ? <Check size={12} aria-hidden className="shrink-0 text-green" /> : <Copy size={12} aria-hidden className="shrink-0" />}
      <span className="sr-only">{done ? "copied" : "copy"}</span>
    </button>
  );
}
