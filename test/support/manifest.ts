import { execFile } from "node:child_process";
import { createHash, subtle } from "node:crypto";
import { type BigIntStats, createReadStream, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { promisify } from "node:util";
import { toolEnv } from "./tools.ts";

/**
 * What a mounted tree or a copied folder holds, as the kernel tells it. Every byte string (path, link target) is written
 * one character a byte (Latin-1), so that names that are no UTF-8 stay apart.
 */
export interface ManifestEntry {
  /** Relative to the top, "" being the top itself. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "fifo" | "socket" | "char" | "block";
  /** Of files. */
  readonly sizeBytes: number | undefined;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedNs: bigint;
  readonly accessedNs: bigint;
  /** Of what is no directory: how many names the filesystem counts. */
  readonly linkCount: number | undefined;
  /** The first path, in the order of bytes, of those within the tree that are this same file. */
  readonly sameAs: string;
  readonly target: string | undefined;
  readonly device: string | undefined;
  /** Sorted `name=0xvalue`. */
  readonly xattrs: readonly string[];
  /** Of files; in other words, like "EIO", where the kernel does not give the content. */
  readonly sha256: string | undefined;
  /** What it occupies. */
  readonly allocatedBytes: number;
}

export type Manifest = ReadonlyMap<string, ManifestEntry>;

const WHOLE_BYTES = 64 << 20;
const HASHES_IN_FLIGHT = 8;

/** Lists the tree under `top` without leaving its filesystem; reads every file once. Needs getfattr. */
export async function manifestOf(top: string): Promise<Manifest> {
  const found = walk(top);
  const [xattrs, hashes] = await Promise.all([readXattrs(top), hashFiles(top, found)]);
  const groups = new Map<bigint, string>();
  for (const [path, { ino }] of found) {
    const known = groups.get(ino);
    if (known === undefined || path < known) groups.set(ino, path);
  }
  return new Map(
    found.map(([path, stats]) => {
      const kind = kindOf(stats);
      const entry: ManifestEntry = {
        path,
        kind,
        sizeBytes: kind === "file" ? Number(stats.size) : undefined,
        mode: Number(stats.mode & 0o7777n),
        uid: Number(stats.uid),
        gid: Number(stats.gid),
        modifiedNs: stats.mtimeNs,
        accessedNs: stats.atimeNs,
        linkCount: kind === "directory" ? undefined : Number(stats.nlink),
        sameAs: groups.get(stats.ino) ?? path,
        target: kind === "symlink" ? readlinkSync(absolute(top, path), "buffer").toString("latin1") : undefined,
        device: kind === "char" || kind === "block" ? deviceOf(stats.rdev) : undefined,
        xattrs: xattrs.get(path) ?? [],
        sha256: hashes.get(stats.ino),
        allocatedBytes: Number(stats.blocks) * 512,
      };
      return [path, entry];
    }),
  );
}

function walk(top: string): readonly (readonly [string, BigIntStats])[] {
  const found: (readonly [string, BigIntStats])[] = [];
  const device = lstatSync(top, { bigint: true }).dev;
  const left = [""];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    const stats = lstatSync(absolute(top, path), { bigint: true });
    found.push([path, stats]);
    if (!stats.isDirectory() || stats.dev !== device) continue;
    for (const name of readdirSync(absolute(top, path), { encoding: "buffer" })) {
      left.push(path === "" ? name.toString("latin1") : `${path}/${name.toString("latin1")}`);
    }
  }
  return found;
}

function absolute(top: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${top}/`), Buffer.from(path, "latin1")]);
}

/** By inode: hard links are read once. Small files are read here and hashed on the thread pool, large ones pass through. */
async function hashFiles(
  top: string,
  found: readonly (readonly [string, BigIntStats])[],
): Promise<ReadonlyMap<bigint, string>> {
  const hashes = new Map<bigint, string>();
  const inFlight = new Set<Promise<void>>();
  for (const [path, stats] of found) {
    if (!stats.isFile() || hashes.has(stats.ino)) continue;
    hashes.set(stats.ino, "");
    const file = absolute(top, path);
    const hashing = hashFile(file, stats.size).then((hash) => {
      hashes.set(stats.ino, hash);
      inFlight.delete(hashing);
    });
    inFlight.add(hashing);
    if (inFlight.size >= HASHES_IN_FLIGHT) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
  return hashes;
}

async function hashFile(file: Buffer, sizeBytes: bigint): Promise<string> {
  try {
    return await (sizeBytes <= WHOLE_BYTES ? hashBytes(readFileSync(file)) : hashStream(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return code;
  }
}

async function hashBytes(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await subtle.digest("SHA-256", bytes)).toString("hex");
}

async function hashStream(file: Buffer): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 4 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** One run of getfattr for the whole tree: its output is `# file: NAME`, then `name=0xvalue` lines, then an empty line. */
async function readXattrs(top: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout } = await promisify(execFile)(
    "getfattr",
    ["-R", "-P", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", "."],
    {
      cwd: top,
      env: toolEnv(),
      encoding: "latin1",
      maxBuffer: 1 << 30,
    },
  );
  const xattrs = new Map<string, readonly string[]>();
  for (const paragraph of stdout.split("\n\n")) {
    const [heading, ...values] = paragraph.split("\n").filter((line) => line !== "");
    if (heading === undefined) continue;
    const path = unescaped(heading.replace(/^# file: /, "")).replace(/^\.\/?/, "");
    xattrs.set(path, values.map(unescaped).sort());
  }
  return xattrs;
}

/** getfattr writes a backslash, line ends and, in names of attributes, `=` as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function kindOf(stats: BigIntStats): ManifestEntry["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  if (stats.isSocket()) return "socket";
  return stats.isCharacterDevice() ? "char" : "block";
}

/** glibc's dev_t: 12 + 20 bits of major, 8 + 24 bits of minor, interleaved (sys/sysmacros.h). */
function deviceOf(rdev: bigint): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn & 0xffffffffn);
  return `${major}:${minor}`;
}
