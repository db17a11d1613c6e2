import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nameFromBytes } from "../../src/bytes/names.ts";
import type { FileSystem } from "../../src/filesystem/file-system.ts";
import { walk } from "../../src/filesystem/walk.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { repositoryFolder } from "./repository.ts";

/** A file as ntfs-3g describes it; see `fixtures/record-mount.mjs`. */
export interface NtfsGoldenEntry {
  readonly path: string;
  /** Where the path is no UTF-8. */
  readonly pathHex?: string;
  readonly kind: string;
  readonly inode: number;
  readonly linkCount: number;
  readonly sizeBytes?: number;
  readonly modifiedNs: string;
  readonly sha256?: string;
  readonly rdev?: number;
  readonly linkTarget?: string;
  /** Created, modified, accessed, changed, in units of 100 ns since 1601. */
  readonly fileTimes?: readonly [string, string, string, string];
  readonly attributes?: number;
  readonly dosName?: string;
  readonly streams?: Readonly<Record<string, { readonly sizeBytes: number; readonly sha256: string }>>;
}

export interface NtfsGolden {
  readonly entries: readonly NtfsGoldenEntry[];
  /** Lines of `fls -r -p -F -D`. */
  readonly fls: readonly string[];
}

export function ntfsGolden(name: string): NtfsGolden {
  return JSON.parse(readFileSync(join(repositoryFolder, "fixtures", `${name}.json`), "utf8"));
}

/** The path in the form of `bytes/names.ts`. */
export function pathOf({ path, pathHex }: NtfsGoldenEntry): string {
  return pathHex === undefined ? path : nameFromBytes(Uint8Array.from(Buffer.from(pathHex, "hex")));
}

/** What nomount says of a file that both tell: a link's target is left out, since ntfs-3g rewrites it for its mount point. */
export interface Facts {
  readonly path: string;
  readonly kind: string;
  readonly inode: number;
  readonly names: number;
  readonly sizeBytes: number | undefined;
  readonly times: readonly string[];
  readonly sha256: string | undefined;
  readonly streams: Readonly<Record<string, { readonly sizeBytes: number; readonly sha256: string }>>;
}

const LARGEST_HASHED_BYTES = 2 ** 32;
const UNIX_EPOCH = 116_444_736_000_000_000n;

export function factsOfGolden(entry: NtfsGoldenEntry): Facts {
  return {
    path: pathOf(entry),
    kind: entry.kind,
    inode: entry.inode,
    // ntfs-3g counts the DOS name; of directories it always says 1.
    names: entry.linkCount - (entry.kind !== "directory" && entry.dosName !== undefined ? 1 : 0),
    sizeBytes: entry.kind === "file" ? entry.sizeBytes : undefined,
    times: entry.fileTimes ?? [entry.modifiedNs],
    sha256: entry.kind === "file" ? entry.sha256 : undefined,
    streams: entry.streams ?? {},
  };
}

/** `golden` says which times there are to compare. */
export function factsOfFileSystem(fileSystem: FileSystem, golden: NtfsGolden): readonly Facts[] {
  const known = new Map(golden.entries.map((entry) => [pathOf(entry), entry]));
  const facts: Facts[] = [];
  const damaged = (path: string, error: Error): never => {
    throw new Error(`${path}: ${error.message}`);
  };
  for (const { path, node } of walk(fileSystem, fileSystem.node(fileSystem.root), damaged)) {
    const { id, kind } = node;
    const times = [node.createdNs, node.modifiedNs, node.accessedNs, node.changedNs].map(fileTime);
    const streams = fileSystem.streams(id).map(({ name, sizeBytes }) => {
      return [name, { sizeBytes, sha256: sha256Of(fileSystem.content(id, name)) ?? "" }] as const;
    });
    facts.push({
      path,
      kind,
      inode: id,
      names: node.linkCount,
      sizeBytes: kind === "file" ? node.sizeBytes : undefined,
      times: known.get(path)?.fileTimes === undefined ? [String(node.modifiedNs)] : times,
      sha256: kind === "file" ? readable(() => sha256Of(fileSystem.content(id))) : undefined,
      streams: Object.fromEntries(streams),
    });
  }
  return facts;
}

export function byPath(facts: readonly Facts[]): readonly Facts[] {
  return facts.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function fileTime(ns: bigint | undefined): string {
  return ns === undefined ? "0" : String(ns / 100n + UNIX_EPOCH);
}

/** The golden file's word for what ntfs-3g does not read either. */
function readable(hash: () => string | undefined): string | undefined {
  try {
    return hash();
  } catch {
    return "unreadable: EIO";
  }
}

export function sha256Of(source: BlockSource): string | undefined {
  if (source.sizeBytes > LARGEST_HASHED_BYTES) return undefined;
  const hash = createHash("sha256");
  const piece = new Uint8Array(Math.min(1 << 20, source.sizeBytes));
  for (let at = 0; at < source.sizeBytes; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, source.sizeBytes - at));
    source.readSync(part, at);
    hash.update(part);
  }
  return hash.digest("hex");
}
