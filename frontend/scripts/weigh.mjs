// Weighs what a browser must load before the first page, and fails above the promise.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const MOST = 250_000; // bytes, gzipped
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const entry = Object.values(manifest).find((one) => one.isEntry);

const scripts = new Set();
const follow = (one) => {
  if (scripts.has(one.file)) return;
  scripts.add(one.file);
  for (const name of one.imports ?? []) follow(manifest[name]);
};
follow(entry);

const weight = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
const initial = [...scripts].reduce((sum, file) => sum + weight(file), 0);
const styles = (entry.css ?? []).reduce((sum, file) => sum + weight(file), 0);
const kilo = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`initial script ${kilo(initial)} gzipped in ${scripts.size} files (at most ${kilo(MOST)}); styles ${kilo(styles)}`);
if (initial > MOST) {
  console.error("The initial script is heavier than promised: load what a page alone needs with that page.");
  process.exit(1);
}
