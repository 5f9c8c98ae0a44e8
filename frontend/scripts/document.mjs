// Writes the API's own description to openapi.json; with --check it only says whether the kept one is current.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kept = fileURLToPath(new URL("../openapi.json", import.meta.url));
const python = process.env.AOS_PYTHON ?? `${root}.venv/bin/python`;
const code = "import json; from aos_api.app import create_app; print(json.dumps(create_app().openapi(), indent=1, ensure_ascii=False))";

const told = spawnSync(python, ["-c", code], { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
if (told.status !== 0) {
  console.error(`The API could not be described by ${python}:\n${told.stderr || String(told.error)}`);
  process.exit(1);
}
if (!process.argv.includes("--check")) {
  writeFileSync(kept, told.stdout);
  console.log("openapi.json written.");
} else if (!existsSync(kept) || readFileSync(kept, "utf8") !== told.stdout) {
  console.error("openapi.json is not what the API says now: npm run document, then look at what changed.");
  process.exit(1);
} else {
  console.log("openapi.json is current.");
}
