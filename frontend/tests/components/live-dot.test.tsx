// The dot: each case of liveness has its own look, its word, and its reason for who cannot see colours.
import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { LiveDot } from "@/components/live-dot";
import { liveness } from "@/lib/freshness";

const NOW = Date.parse("2026-03-02T12:00:00Z");
const fresh = { at: "2026-03-02T11:56:00Z", now: NOW, demo: false, reached: true };

test.each([
  ["green and pulsing", fresh, "live", "bg-green", "live", "From the server, last read 4 min ago."],
  ["grey with its age", { ...fresh, at: "2026-02-28T12:00:00Z" }, "stale", "bg-muted", "as of 2 days ago", "the promise is one day"],
  ["amber on generated sources", { ...fresh, demo: true }, "demo", "bg-amber", "demo data", "Generated sources"],
  ["grey when the server is away", { ...fresh, reached: false }, "stale", "bg-muted", "not live", "The server does not answer"],
  ["grey before anything was published", { ...fresh, at: null }, "stale", "bg-muted", "nothing yet", "Nothing has been published"],
])("it is %s", (_, answer, kind, look, word, reason) => {
  const { container } = render(<LiveDot said={liveness(answer)} />);
  const dot = container.querySelector("[data-live]");
  expect(dot?.getAttribute("data-live")).toBe(kind);
  expect(dot?.querySelector(`.${look}`)).not.toBeNull();
  expect(dot?.querySelector("[class*=pulse]") !== null).toBe(kind === "live");
  expect(dot?.textContent).toContain(word);
  expect(dot?.getAttribute("title")).toContain(reason);
});
