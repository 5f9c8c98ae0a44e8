// What went wrong, in the words that a person is shown; every error of the app passes here.
export interface Trouble {
  status: number; // 0 where nothing answered
  code: string;
  what: string;
  culprit: string;
  fix: string;
  trace: string; // empty where the server never saw the request
}

const UNREACHABLE: Trouble = {
  status: 0,
  code: "unreachable",
  what: "The server did not answer.",
  culprit: "",
  fix: "Check that it runs and that you are connected, then try again.",
  trace: "",
};

const text = (value: unknown) => (typeof value === "string" ? value : "");

export function troubleOf(error: unknown): Trouble {
  if (error instanceof TypeError) return UNREACHABLE; // what fetch throws when nothing answers
  if (typeof error === "object" && error !== null && "status" in error && "detail" in error) {
    const said = error as Record<string, unknown>;
    return {
      status: Number(said.status),
      code: text(said.code),
      what: sentence(text(said.detail), text(said.fix)),
      culprit: text(said.culprit),
      fix: text(said.fix),
      trace: text(said.trace_id),
    };
  }
  return { ...UNREACHABLE, code: "unexpected", what: "The answer could not be read.", fix: "Try again; if it stays, tell who runs this installation." };
}

/** The server's sentence may end with its own way out; that is shown apart. */
function sentence(detail: string, fix: string): string {
  const alone = fix && detail.endsWith(fix) ? detail.slice(0, -fix.length).trim() : detail;
  return alone || detail;
}

/** Trying again helps only where the same request could be answered otherwise. */
export const canRetry = (trouble: Trouble) => trouble.status === 0 || trouble.status === 429 || trouble.status >= 500;

/** Nobody can say whether it was done: the answer did not come, or somebody on the way could not reach the server. */
export const wasLost = (trouble: Trouble) => [0, 502, 503, 504].includes(trouble.status);
