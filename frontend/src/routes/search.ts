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

export const pairs = (raw: Raw, name: string): Record<string, string> | undefined => {
  const value = raw[name];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const found = Object.entries(value).filter((one): one is [string, string] => typeof one[1] === "string");
  return found.length > 0 ? Object.fromEntries(found) : undefined;
};

export const oneOf = <const Word extends string>(raw: Raw, name: string, words: readonly Word[]): Word | undefined => words.find((word) => word === raw[name]);

/** Only what is there: an absent parameter is not one that is undefined. */
export const given = <Search extends Raw>(search: Search): { [Name in keyof Search]?: NonNullable<Search[Name]> } =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as { [Name in keyof Search]?: NonNullable<Search[Name]> };
