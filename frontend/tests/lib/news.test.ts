// What is read again when the server tells of something, and how often where it does not tell.
import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { follow, often, touches } from "@/lib/news";

/** An event stream whose other end is the test. */
class Source extends EventTarget {
  readyState = 1;
  constructor(readonly address: string) {
    super();
  }
  say(kind: string, data: object, lastEventId = ""): void {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data), lastEventId }));
  }
  close(): void {
    this.readyState = 2;
  }
}

let sources: Source[];
let read: Record<string, number>;
let queries: QueryClient;
let stop: () => void;
const newest = () => sources.at(-1) as Source;

function show(path: string, data: unknown = {}): void {
  const observer = new QueryObserver(queries, {
    queryKey: ["get", path], refetchInterval: often(30_000), staleTime: Infinity,
    queryFn: () => { read[path] = (read[path] ?? 0) + 1; return data; },
  });
  observer.subscribe(() => undefined);
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", { CLOSED: 2 });
  sources = [];
  read = {};
  queries = new QueryClient();
  stop = follow(queries, (address) => {
    sources.push(new Source(address));
    return newest() as unknown as EventSource;
  });
});
afterEach(() => {
  stop();
  queries.clear();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("an event touches what it is about and nothing else; an unknown one touches everything", () => {
  expect(touches("proposal.decided", "/api/v1/proposals")).toBe(true);
  expect(touches("proposal.decided", "/api/v1/proposals/{proposal_id}")).toBe(true);
  expect(touches("proposal.decided", "/api/v1/entities/{name}")).toBe(false);
  expect(touches("run.requested", "/api/v1/runs_of_others")).toBe(false);
  expect(touches("something.new", "/api/v1/me")).toBe(true);
});

test("several events at once are one reading of what they touch", async () => {
  show("/api/v1/proposals");
  show("/api/v1/metrics");
  await vi.advanceTimersByTimeAsync(10);
  newest().say("status", { state: "live" }, "4");
  for (const seq of [5, 6, 7]) newest().say("message", { type: "proposal.decided" }, String(seq));
  await vi.advanceTimersByTimeAsync(500);
  expect(read).toEqual({ "/api/v1/proposals": 2, "/api/v1/metrics": 1 });
});

test("a gap reads everything again", async () => {
  show("/api/v1/me");
  await vi.advanceTimersByTimeAsync(10);
  newest().say("gap", { from: 1, to: 9 }, "9");
  await vi.advanceTimersByTimeAsync(500);
  expect(read["/api/v1/me"]).toBe(2);
});

test("while the server tells nothing is asked by the clock; when it stops telling it is asked at once, and by the clock", async () => {
  show("/api/v1/metrics");
  newest().say("status", { state: "live" }, "4");
  await vi.advanceTimersByTimeAsync(31_000);
  expect(read["/api/v1/metrics"]).toBe(2); // once more, since it was asked before the server began to tell
  await vi.advanceTimersByTimeAsync(300_000);
  expect(read["/api/v1/metrics"]).toBe(2);
  newest().dispatchEvent(new Event("error"));
  await vi.advanceTimersByTimeAsync(100);
  expect(read["/api/v1/metrics"]).toBe(3);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(read["/api/v1/metrics"]).toBe(5);
});

test("a stream that is refused is asked for again later, from where it was", async () => {
  newest().say("message", { type: "run.requested" }, "12");
  newest().readyState = 2;
  newest().dispatchEvent(new Event("error"));
  expect(sources).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(sources.map((one) => one.address)).toEqual(["/api/v1/events", "/api/v1/events?after=12"]);
});

test("a window that nobody sees holds no stream, and goes on where it was when it is seen again", () => {
  newest().say("message", { type: "run.requested" }, "12");
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange"));
  expect(newest().readyState).toBe(2);
  vi.restoreAllMocks();
  document.dispatchEvent(new Event("visibilitychange"));
  expect(newest().address).toBe("/api/v1/events?after=12");
});

test("a list that was read far is not read again from its beginning by itself", async () => {
  show("/api/v1/entities/{name}", { pages: [1, 2, 3, 4] });
  show("/api/v1/entities", { pages: [1] });
  await vi.advanceTimersByTimeAsync(10);
  newest().say("message", { type: "version.published" }, "5");
  await vi.advanceTimersByTimeAsync(500);
  expect(read).toEqual({ "/api/v1/entities/{name}": 1, "/api/v1/entities": 2 });
});
