// Runs a TypeScript program of this repository: `node test/support/run-tool.mjs test/fuzz/main.ts [arguments]`.
// Node 20 cannot, so it is compiled into .cache/tools first (incrementally: a second or two when nothing has changed).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const LOCK_STALE_MS = 120_000;

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const [program = "", ...rest] = process.argv.slice(2);
const compiled = join(root, ".cache/tools", program.replace(/\.ts$/, ".js"));
const status = alone(join(root, ".cache/tools.lock"), compile);
if (status !== 0) {
  if (!existsSync(compiled)) process.exit(status ?? 1);
  process.stderr.write("the compiler complained (above); running what it made\n");
}
process.argv = [process.argv[0], compiled, ...rest];
await import(pathToFileURL(compiled).href);

function compile() {
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  return spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.tools.json")], { stdio: ["ignore", 2, 2] }).status;
}

/** Two compilers at once would write over each other: tests run side by side. */
function alone(lock, work) {
  mkdirSync(dirname(lock), { recursive: true });
  while (!taken(lock)) {
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LOCK_STALE_MS) rmdirSync(lock);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
  try {
    return work();
  } finally {
    rmdirSync(lock);
  }
}

function taken(lock) {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}
