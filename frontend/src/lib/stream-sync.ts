// The reading of one stream in words: why it ended as it did, and what it took.
import type { Schemas } from "@/lib/client";
import { bytes } from "@/lib/numbers";

type StreamSync = Schemas["SyncSeen"]["streams"][number];

const WHY: Record<string, string> = {
  "first": "The first reading.",
  "from zero": "Read from zero, as it was reset.",
  "went on": "Went on where the sync before was cut.",
  "what grew": "Only what was newer was asked for.",
  "whole": "Read whole.",
};

/** The stream's own sentence where it has one, else why it was read as it was. */
export function reasonOf(stream: Pick<StreamSync, "state" | "error" | "said" | "read" | "landed" | "deleted">): string {
  if (stream.error) return stream.error.what;
  switch (stream.state) {
    case "reading":
      return "It is being read.";
    case "held":
      return "Deletions wait for a word.";
    case "cancelled":
      return "Cancelled; what had landed stays.";
    default: {
      const why = typeof stream.said.why === "string" ? (WHY[stream.said.why] ?? stream.said.why) : "";
      return stream.read === 0 && stream.landed === 0 && stream.deleted === 0 ? `${why} The source had nothing newer.`.trim() : why;
    }
  }
}

/** `12.4 MB in 3.1 s` of one stream, as far as it is known. */
export const effort = (stream: Pick<StreamSync, "bytes" | "seconds">): string =>
  [stream.bytes > 0 && bytes(stream.bytes), stream.seconds > 0 && `${stream.seconds < 60 ? stream.seconds.toFixed(1) : String(Math.round(stream.seconds))} s`].filter(Boolean).join(" in ");
