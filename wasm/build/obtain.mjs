import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, sha256, writeWhole } from "./cache.mjs";
import { release } from "./e2fsprogs.mjs";

const run = promisify(execFile);
/** No answer within this time is taken for no network. */
const CONNECT_MS = 20_000;
const DOWNLOAD_MS = 300_000;

/** The release as it was published, from the nearest place that has it. Throws an error that says what to put where. */
export async function obtainRelease(say) {
  const tried = [];
  const places = [
    ["the folder in NOMOUNT_E2FSPROGS", fromFolder],
    [`the cache, ${cacheFolder}`, fromCache],
    ["upstream's download site", fromUpstream],
    ["the package sources of this machine", fromPackageSources],
  ];
  for (const [name, take] of places) {
    try {
      const bytes = await take(say);
      if (bytes === undefined) continue;
      const found = sha256(bytes);
      if (found !== release.sha256) {
        tried.push(`${name}: ${bytes.length} bytes with sha256 ${found}`);
        continue;
      }
      if (take !== fromCache) keep(bytes);
      return bytes;
    } catch (error) {
      tried.push(`${name}: ${firstLine(error)}`);
    }
  }
  throw new Error(
    [
      `wasm: the source of e2fsprogs ${release.version} is needed once to build the reader of ext2/3/4 and could not be had.`,
      ...tried.map((line) => `  ${line}`),
      `Put ${release.fileName} (or ${release.debianFileName}, the same file; ${release.sizeBytes} bytes,`,
      `sha256 ${release.sha256})`,
      `into ${cacheFolder}, or set NOMOUNT_E2FSPROGS to the folder that holds it.`,
    ].join("\n"),
  );
}

function fromFolder() {
  const folder = process.env.NOMOUNT_E2FSPROGS;
  if (!folder) return undefined;
  const bytes = readFrom(folder);
  if (bytes === undefined) throw new Error(`${folder} holds neither ${release.fileName} nor ${release.debianFileName}`);
  return bytes;
}

function fromCache() {
  return readFrom(cacheFolder);
}

function readFrom(folder) {
  const path = [release.fileName, release.debianFileName].map((name) => join(folder, name)).find((name) => existsSync(name));
  return path === undefined ? undefined : readFileSync(path);
}

/** A cache that cannot be written costs the next build time, not this one its result. */
function keep(bytes) {
  try {
    writeWhole(join(cacheFolder, release.fileName), bytes);
  } catch {}
}

async function fromUpstream(say) {
  let problem;
  for (const url of release.urls) {
    say(`downloading ${release.fileName} from ${new URL(url).host}`);
    try {
      return await download(url);
    } catch (error) {
      problem = new Error(`${url}: ${firstLine(error.cause ?? error)}`);
    }
  }
  throw problem;
}

async function download(url) {
  const connected = new AbortController();
  const timer = setTimeout(() => connected.abort(new Error(`no answer in ${CONNECT_MS / 1000} s`)), CONNECT_MS);
  const signal = AbortSignal.any([connected.signal, AbortSignal.timeout(DOWNLOAD_MS)]);
  try {
    const response = await fetch(url, { signal });
    clearTimeout(timer);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Debian and its kin publish upstream's file unchanged. `apt-get source` needs no root, but a list of source packages, which
 * is off by default: so it gets lists of its own in a temporary folder, made from the machine's, which stay untouched.
 */
async function fromPackageSources(say) {
  const lists = machineSources();
  if (lists.length === 0) return undefined;
  say("asking this machine's package sources for e2fsprogs");
  const folder = mkdtempSync(join(tmpdir(), "nomount-source-"));
  try {
    for (const name of ["lists/partial", "cache/archives/partial", "sources"])
      mkdirSync(join(folder, name), { recursive: true });
    for (const { name, text } of lists) writeFileSync(join(folder, "sources", name), text);
    const options = [
      "Dir::Etc::sourcelist=/dev/null",
      `Dir::Etc::sourceparts=${join(folder, "sources")}`,
      `Dir::State::lists=${join(folder, "lists")}`,
      `Dir::Cache=${join(folder, "cache")}`,
      "APT::Sandbox::User=",
      "Acquire::http::Timeout=20",
      "Acquire::https::Timeout=20",
      "Acquire::Retries=1",
    ].flatMap((option) => ["-o", option]);
    await run("apt-get", [...options, "--quiet", "update"], { timeout: DOWNLOAD_MS });
    const shown = await run("apt-cache", [...options, "showsrc", "--only-source", release.debianPackage]);
    const versions = [...shown.stdout.matchAll(/^Version: (.+)$/gm)].map(([, version]) => version);
    const version = versions.find((candidate) => release.debianVersion.test(candidate));
    if (version === undefined) throw new Error(`they have ${versions.join(", ") || "no e2fsprogs"}`);
    const source = `${release.debianPackage}=${version}`;
    await run("apt-get", [...options, "--quiet", "source", "--download-only", "--tar-only", source], {
      cwd: folder,
      timeout: DOWNLOAD_MS,
    });
    return readFrom(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The machine's lists of binary packages as lists of source packages, in either of apt's two forms. */
function machineSources() {
  const found = [];
  const add = (name, path) => {
    if (!existsSync(path)) return;
    const text = readFileSync(path, "utf8");
    if (name.endsWith(".sources")) found.push({ name, text: text.replace(/^Types:.*$/gim, "Types: deb-src") });
    else found.push({ name, text: text.replace(/^deb(?:-src)?\s/gm, "deb-src ") });
  };
  add("machine.list", "/etc/apt/sources.list");
  const parts = "/etc/apt/sources.list.d";
  if (existsSync(parts)) {
    for (const name of readdirSync(parts)) if (/^[\w.-]+\.(?:list|sources)$/.test(name)) add(name, join(parts, name));
  }
  return found.filter(({ text }) => /deb-src/.test(text));
}

function firstLine(error) {
  const text = error instanceof Error ? error.stderr || error.message : String(error);
  return text.trim().split("\n").at(0);
}
