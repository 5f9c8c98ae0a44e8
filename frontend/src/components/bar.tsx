// How far something is, of what there is of it: counted units, never a guess.
export function Bar({ label, done, all }: { label: string; done: number; all: number }) {
  const share = all > 0 ? Math.min(1, done / all) : 0;
  return (
    <div role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={all} aria-valuenow={done} className="h-2 overflow-hidden rounded-full bg-sunken">
      <div className="h-full bg-green" style={{ width: `${share * 100}%` }} />
    </div>
  );
}
