import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NomountError } from "../../src/error.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { gptDriver } from "../../src/volume/gpt/gpt.ts";
import { lvm2Driver } from "../../src/volume/lvm2/lvm2.ts";
import type { Volume, VolumeOptions, VolumeTable } from "../../src/volume/volume.ts";
import { fixtureBytes } from "./fixture.ts";
import type { GoldenEntry } from "./guest-disk.ts";
import { repositoryFolder } from "./repository.ts";

/** What lvm2 and the kernel said of a fixture, as `fixtures/lvm2-lib.sh` records it. */
export interface Lvm2Golden {
  readonly groups: readonly GoldenGroup[];
  readonly twins?: readonly { readonly uuid: string; readonly data: GoldenContent }[];
  readonly merged?: GoldenContent;
  /** Of the filesystems in volumes, by address. */
  readonly trees?: Readonly<Record<string, readonly GoldenEntry[]>>;
}

export interface GoldenGroup {
  readonly vg: Readonly<Record<string, string>>;
  readonly pvs: readonly Readonly<Record<string, string>>[];
  readonly lvs: readonly Readonly<Record<string, string>>[];
  readonly segments: readonly Readonly<Record<string, string>>[];
  readonly contents: Readonly<Record<string, GoldenContent | { readonly unreadable: true }>>;
  readonly vgcfgbackup: string;
}

export interface GoldenContent {
  readonly sizeBytes: number;
  readonly sha256: string;
}

export function lvm2Golden(name: string): Lvm2Golden {
  return JSON.parse(readFileSync(join(repositoryFolder, "fixtures", `${name}.json`), "utf8")) as Lvm2Golden;
}

/** The partitions of a fixture's disk, or of a changed copy of it. */
export function partitions(name: string, bytes: Uint8Array = fixtureBytes(name)): readonly BlockSource[] {
  const noWarning = (warning: NomountError) => {
    throw warning;
  };
  const [table] = gptDriver.open([new MemorySource(bytes, `${name}.img`)], { sectorBytes: undefined }, noWarning);
  return table?.volumes.map(({ source }) => source) ?? [];
}

/** Opens volume groups and keeps the warnings. */
export function openLvm2(
  sources: readonly BlockSource[],
  options: Partial<VolumeOptions> = {},
): { readonly tables: readonly VolumeTable[]; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const tables = lvm2Driver.open(sources, { sectorBytes: undefined, ...options }, ({ message }) => warnings.push(message));
  return { tables, warnings };
}

/** The volume with this address among tables. */
export function volumeNamed(tables: readonly VolumeTable[], name: string): Volume {
  const volume = tables.flatMap(({ volumes }) => volumes).find((one) => one.name === name);
  if (volume === undefined) throw new Error(`no volume ${name}`);
  return volume;
}

/** Size and SHA-256 of a source, in the form of the golden files. */
export function contentOf(source: BlockSource): GoldenContent {
  const hash = createHash("sha256");
  const piece = new Uint8Array(Math.min(source.sizeBytes, 2 ** 20));
  for (let at = 0; at < source.sizeBytes; at += piece.length) {
    const into = piece.subarray(0, Math.min(piece.length, source.sizeBytes - at));
    source.readSync(into, at);
    hash.update(into);
  }
  return { sizeBytes: source.sizeBytes, sha256: hash.digest("hex") };
}
