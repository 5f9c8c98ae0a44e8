// Where files are: of the three places that the source knows one is chosen, and only what belongs to it is asked for.
import type { Draft, FormField } from "@/features/connections/schema-form";

export type Place = "uploads" | "folder" | "bucket";

export const PLACES: { key: Place; word: string; means: string }[] = [
  { key: "uploads", word: "Sent here", means: "You send the files yourselves, and send them again when they change." },
  { key: "folder", word: "A folder", means: "A folder of the machine that AutonomOS runs on." },
  { key: "bucket", word: "A bucket", means: "Of an object store that speaks S3." },
];

const OF: Record<Place, readonly string[]> = { uploads: ["uploads"], folder: ["folder"], bucket: ["bucket", "prefix", "endpoint", "region"] };
const ALL = Object.values(OF).flat();

/** Whether this is a source whose form is about places; every other form is shown as its schema says. */
export const hasPlaces = (fields: FormField[]): boolean => fields.some((one) => one.name === "uploads") && fields.some((one) => one.name === "folder");

export const placesIn = (fields: FormField[]) => PLACES.filter((place) => fields.some((one) => one.name === place.key));

export const placeOf = (draft: Draft): Place => (draft.bucket ? "bucket" : draft.folder ? "folder" : "uploads");

/** The fields of a place, which must say where it is, and those that hold wherever the files are. */
export function fieldsAt(fields: FormField[], place: Place): { place: FormField[]; rest: FormField[] } {
  const own = fields.filter((one) => OF[place].includes(one.name));
  return { place: own.filter((one) => one.name !== "uploads").map((one) => (one.name === place ? { ...one, required: true } : one)), rest: fields.filter((one) => !ALL.includes(one.name)) };
}

/** What was said of another place is taken back. */
export function draftAt(fields: FormField[], draft: Draft, place: Place): Draft {
  const other = fields.filter((one) => ALL.includes(one.name) && !OF[place].includes(one.name));
  return { ...draft, ...Object.fromEntries(other.map((one) => [one.name, one.kind === "switch" ? false : one.initial])), ...(place === "uploads" ? { uploads: true } : {}) };
}

/** What is checked and sent: a place that is not chosen says nothing, not even its defaults. */
export const sentAt = (fields: FormField[], place: Place): FormField[] => {
  const { place: own, rest } = fieldsAt(fields, place);
  return [...(place === "uploads" ? fields.filter((one) => one.name === "uploads") : own), ...rest];
};
