// Numbers as people read them. Decimals are text from end to end: nothing here makes a float of them.
const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/** `1234567.50` → `1,234,567.50`; what is not a plain decimal stays as it is. */
export function grouped(text: string): string {
  const parts = DECIMAL.exec(text);
  if (!parts) return text;
  const [, sign = "", whole = "", fraction] = parts;
  const thousands = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (sign === "-" ? "-" : "") + thousands + (fraction === undefined ? "" : `.${fraction}`);
}

/** At most `places` decimals, half away from zero; exact where rounding would show nothing of a small value. */
export function short(text: string, places = 2): string {
  const parts = DECIMAL.exec(text);
  if (!parts) return text;
  const [, sign = "", whole = "0", fraction = ""] = parts;
  if (fraction.length <= places) return grouped(text);
  const digits = BigInt(whole + fraction.slice(0, places)) + (Number(fraction.charAt(places)) >= 5 ? 1n : 0n);
  if (digits === 0n) return grouped(text);
  const padded = digits.toString().padStart(places + 1, "0");
  const cut = padded.length - places;
  const rounded = places === 0 ? padded : `${padded.slice(0, cut)}.${padded.slice(cut)}`;
  return grouped((sign === "-" ? "-" : "") + rounded);
}

export const count = (value: number) => grouped(String(Math.trunc(value)));

export const plural = (value: number, one: string, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** A share between 0 and 1 as percent, never rounded up to certainty. */
export function percent(share: number): string {
  if (share >= 1) return "100 %";
  const tenths = Math.floor(share * 1000) / 10;
  return `${tenths} %`;
}

export const money = (text: string, currency: string | null) => (currency ? `${short(text)} ${currency}` : short(text));

const SIZES = ["B", "kB", "MB", "GB", "TB"];

/** `12400000` → `12.4 MB` */
export function bytes(value: number): string {
  const step = value < 1000 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(value) / 3));
  const size = value / 1000 ** step;
  return `${step === 0 || size >= 100 ? String(Math.round(size)) : size.toFixed(1)} ${SIZES[step] ?? ""}`;
}
