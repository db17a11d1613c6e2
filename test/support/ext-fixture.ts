import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nameFromBytes } from "../../src/bytes/names.ts";
import { extDriver } from "../../src/filesystem/ext/ext.ts";
import type { FileSystem } from "../../src/filesystem/file-system.ts";
import { ext2fsWasm } from "../../src/node/ext2fs-wasm.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { fixtureBytes } from "./fixture.ts";
import { repositoryFolder } from "./repository.ts";

/** One path of a fixture as `record-mount.mjs` writes it. */
export interface RecordedEntry {
  readonly path: string;
  /** Where the path is no UTF-8, and `path` only resembles it. */
  readonly pathHex?: string;
  readonly kind: string;
  readonly inode: number;
  readonly linkCount: number;
  readonly sizeBytes?: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedNs: string;
  readonly rdev?: number;
  readonly linkTarget?: string;
  readonly sha256?: string;
  /** Values in base64. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

export interface ExtGolden {
  readonly why: string;
  readonly recordedBy: readonly { readonly tool: string; readonly version: string; readonly command: string }[];
  readonly entries: readonly RecordedEntry[];
  /** Names as given, and the names under which the kernel found them or not at all. */
  readonly lookups?: readonly { readonly path: string; readonly inode: number | null }[];
}

export const driver = extDriver(ext2fsWasm);

/** The fixtures that are an ext filesystem and nothing else. */
export const extFixtures: readonly string[] = readdirSync(join(repositoryFolder, "fixtures"))
  .filter((file) => /^ext\d.*\.img\.gz$/.test(file))
  .map((file) => file.slice(0, -".img.gz".length))
  .filter((name) => Array.isArray(golden(name).entries));

/** Paths are in the form of `bytes/names.ts`. */
export function golden(name: string): ExtGolden {
  const text = readFileSync(join(repositoryFolder, "fixtures", `${name}.json`), "utf8");
  const recorded = JSON.parse(text) as ExtGolden;
  if (!Array.isArray(recorded.entries)) return recorded;
  return { ...recorded, entries: recorded.entries.map(withExactPath) };
}

function withExactPath({ pathHex, ...entry }: RecordedEntry): RecordedEntry {
  return pathHex === undefined ? entry : { ...entry, path: nameFromBytes(Buffer.from(pathHex, "hex")) };
}

/** A fixture opened in memory, perhaps after `change` has had its bytes. */
export function openFixture(name: string, change: (image: Uint8Array) => void = () => {}): FileSystem {
  const image = new Uint8Array(fixtureBytes(name));
  change(image);
  return openExt(new MemorySource(image, `${name}.img`));
}

export function openExt(source: BlockSource): FileSystem {
  return driver.open(source);
}
