// Moments and durations as people say them.
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const SAID: Record<string, string> = { minute: "min", hour: "h", day: "day", month: "month", year: "year" };

/** `4 min ago`, `in 2 h`; under a minute it is `just now`. */
export function ago(at: string, now: number): string {
  const seconds = Math.round((now - Date.parse(at)) / 1000);
  const away = Math.abs(seconds);
  const unit = UNITS.find(([, size]) => away >= size);
  if (!unit) return "just now";
  const number = Math.floor(away / unit[1]);
  const word = SAID[unit[0]] ?? unit[0];
  const named = number === 1 || word === "min" || word === "h" ? word : `${word}s`;
  return seconds < 0 ? `in ${number} ${named}` : `${number} ${named} ago`;
}

/** Of what is planned: `in 2 h`, within a minute `any moment`; what should have begun is `due 5 min ago`. */
export function due(at: string, now: number): string {
  const said = ago(at, now);
  if (said === "just now") return "any moment";
  return Date.parse(at) > now ? said : `due ${said}`;
}

/** The exact moment, in the reader's own time zone, with its name. */
export const exactly = (at: string) =>
  new Date(at).toLocaleString("en-GB", {
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  });

export function lasted(from: string, to: string | null): string {
  if (to === null) return "still running";
  const seconds = Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
