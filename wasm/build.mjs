#!/usr/bin/env node
// Builds dist/ext2fs.wasm, the reader of ext2/3/4, and dist/ext2fs-source.tar.gz, its complete source, as the LGPL asks.
// See README.md beside this file. Run again it does nothing; interrupted it goes on where it can.
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { cacheFolder, copyWhole, removeLeftovers, sha256, writeWhole } from "./build/cache.mjs";
import { errorTable, release, sources, wanted } from "./build/e2fsprogs.mjs";
import { errorHeaders, parseErrorTable } from "./build/error-table.mjs";
import { checkLicences } from "./build/licence.mjs";
import { obtainRelease } from "./build/obtain.mjs";
import { extract, pack } from "./build/tar.mjs";
import { chooseToolchain } from "./build/toolchain.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "..", "dist");
const products = ["ext2fs.wasm", "ext2fs-source.tar.gz"];

try {
  await build();
} catch (error) {
  // What the build says itself needs no stack.
  console.error(error instanceof Error && error.message.startsWith("wasm: ") ? error.message : error);
  process.exitCode = 1;
}

async function build() {
  const ours = new Map([...readFolder(here)].filter(([path]) => path !== "README.md"));
  const toolchain = chooseToolchain();
  const key = sha256(
    [release.sha256, await toolchain.identity(), ...[...ours].map(([path, bytes]) => `${path} ${sha256(bytes)}`)].join("\n"),
  ).slice(0, 32);
  const stamp = join(dist, "ext2fs.key");
  const isBuilt = products.every((name) => existsSync(join(dist, name))) && readIfThere(stamp) === key;
  if (isBuilt) return;
  mkdirSync(dist, { recursive: true });
  removeLeftovers(dist, [...products, "ext2fs.key"]);

  const kept = join(cacheFolder, `ext2fs-${key}`);
  if (!products.every((name) => existsSync(join(kept, name)))) await buildInto(kept, ours, toolchain);
  for (const name of products) copyWhole(join(kept, name), join(dist, name));
  writeWhole(stamp, key);
}

/** Makes the products. A key's folder always comes to hold the same, so builds at the same time do no harm. */
async function buildInto(folder, ours, toolchain) {
  const started = performance.now();
  const archive = gunzipSync(await obtainRelease(say));
  const theirs = extract(archive, wanted);
  checkLicences(theirs);

  say("compiling libext2fs for WebAssembly, once");
  const errors = errorHeaders(parseErrorTable(decode(theirs.get(errorTable)), release.version));
  const files = new Map();
  for (const [path, bytes] of ours) if (path.startsWith("glue/")) files.set(path, bytes);
  for (const [path, bytes] of theirs) files.set(path, bytes);
  files.set("lib/ext2fs/ext2_err.h", encode(errors["ext2_err.h"]));
  files.set("glue/include/ext2_err_text.h", encode(errors["ext2_err_text.h"]));
  for (const source of sources) if (!files.has(source)) throw new Error(`wasm: ${source} is missing`);
  const wasm = await toolchain.build(files);
  new WebAssembly.Module(wasm);

  const source = new Map();
  for (const [path, bytes] of ours) source.set(`wasm/${path}`, bytes);
  for (const [path, bytes] of theirs) source.set(`e2fsprogs-${release.version}/${path}`, bytes);
  writeWhole(join(folder, "ext2fs-source.tar.gz"), gzipSync(pack(source), { level: 9 }));
  writeWhole(join(folder, "ext2fs.wasm"), wasm);
  say(`built ext2fs.wasm, ${wasm.length} bytes, in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Every file beneath a folder, by its path with slashes, in one order on every machine. */
function readFolder(folder) {
  const found = new Map();
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  for (const path of paths.sort()) found.set(relative(folder, path).replaceAll("\\", "/"), readFileSync(path));
  return found;
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function say(line) {
  console.error(`wasm: ${line}`);
}

function encode(text) {
  return new TextEncoder().encode(text);
}

function decode(bytes) {
  return new TextDecoder().decode(bytes);
}
