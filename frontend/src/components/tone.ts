// The tones of the tokens as classes: written out whole, because the stylesheet is made from what is written.
export type Tone = "green" | "blue" | "purple" | "amber" | "red" | "muted";

export const INK: Record<Tone, string> = {
  green: "text-green",
  blue: "text-blue",
  purple: "text-purple",
  amber: "text-amber",
  red: "text-red",
  muted: "text-muted",
};

export const FILL: Record<Tone, string> = {
  green: "bg-green",
  blue: "bg-blue",
  purple: "bg-purple",
  amber: "bg-amber",
  red: "bg-red",
  muted: "bg-muted",
};
