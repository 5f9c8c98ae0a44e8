// Search parameters of the pages, read strictly: what is not of the asked form is left out.
type Raw = Record<string, unknown>;

export const text = (raw: Raw, name: string): string | undefined => {
  const value = raw[name];
  return typeof value === "string" && value !== "" ? value : undefined;
};

export const texts = (raw: Raw, name: string): string[] | undefined => {
  const value = raw[name];
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string") ? value : undefined;
};

/** Words that somebody typed: an address says `7` of what was the text 7. */
export const words = (raw: Raw, name: string): string | undefined => (typeof raw[name] === "number" || typeof raw[name] === "boolean" ? String(raw[name]) : text(raw, name));

/** By name the values that are chosen, where null is the absence of one; a single value may stand alone. */
export const choices = (raw: Raw, name: string): Record<string, (string | null)[]> | undefined => {
  const value = raw[name];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const found = Object.entries(value).flatMap(([one, said]) => {
    const all = (Array.isArray(said) ? (said as unknown[]) : [said]).filter((each): each is string | null => each === null || typeof each === "string");
    return all.length > 0 ? [[one, [...new Set(all)]] satisfies [string, (string | null)[]]] : [];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
};

export const oneOf = <const Word extends string>(raw: Raw, name: string, words: readonly Word[]): Word | undefined => words.find((word) => word === raw[name]);

/** Only what is there: an absent parameter is not one that is undefined. */
export const given = <Search extends Raw>(search: Search): { [Name in keyof Search]?: NonNullable<Search[Name]> } =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as { [Name in keyof Search]?: NonNullable<Search[Name]> };
