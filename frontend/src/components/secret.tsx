// A secret that is shown once: the server keeps only its hash, and could not show it again.
import { Check, Copy, TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/button";
import { INPUT } from "@/components/form";

export function Secret({ label, text, until, onDone }: { label: string; text: string; until: string; onDone: () => void }) {
  const [copied, setCopied] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    place.current?.scrollIntoView({ block: "nearest" }); // it may stand above what is in sight, and is seen once
  }, [text]);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div ref={place} role="status" className="scroll-mt-20 space-y-3 border-b border-line bg-sunken p-4" data-secret>
      <p className="flex gap-2">
        <TriangleAlert size={18} aria-hidden className="mt-0.5 shrink-0 text-amber" />
        <span>
          <span className="font-semibold">Copy it now: it is not shown again.</span> {until}
        </span>
      </p>
      <div className="flex flex-wrap items-end gap-2">
        <label className="min-w-0 flex-1 basis-64 space-y-1">
          <span className="text-sm font-semibold">{label}</span>
          <input readOnly value={text} onFocus={(event) => event.target.select()} className={`${INPUT} font-mono text-sm`} />
        </label>
        <Button kind="primary" className="min-h-9" onClick={() => void copy()}>
          {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />} {copied ? "Copied" : "Copy"}
        </Button>
        <Button className="min-h-9" onClick={onDone}>
          I have kept it
        </Button>
      </div>
    </div>
  );
}
