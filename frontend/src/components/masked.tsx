// What the caller's role does not see: a lock and a word, and who can let them.
import { Lock } from "lucide-react";

const WHO = "Masked for your role, whether it holds something or not. An owner of this tenant can let your role see it.";

export function Masked({ why = WHO, word = "masked" }: { why?: string; word?: string }) {
  return (
    <span className="inline-flex items-center gap-1 text-sm font-medium whitespace-nowrap text-muted" title={why} data-state="masked">
      <Lock size={12} aria-hidden /> {word}
    </span>
  );
}
