import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BlockSource } from "../../src/source/block-source.ts";
import { mdDriver } from "../../src/volume/md/md.ts";
import type { VolumeTable } from "../../src/volume/volume.ts";
import type { GoldenContent } from "./lvm2.ts";
import { repositoryFolder } from "./repository.ts";

/** What mdadm and the kernel said of an array, as `fixtures/md.sh` records it. */
export interface GoldenArray {
  readonly name: string;
  /** Of `mdadm --create`. */
  readonly options: string;
  /** Numbers of partitions, in the order of the array. */
  readonly members: readonly number[];
  readonly content: GoldenContent;
  /** What `mdadm --detail` printed. */
  readonly detail: string;
  /** What `mdadm --examine` printed of each member. */
  readonly examine: readonly string[];
}

export function mdGolden(name: string): readonly GoldenArray[] {
  const text = readFileSync(join(repositoryFolder, "fixtures", `${name}.json`), "utf8");
  return (JSON.parse(text) as { arrays: GoldenArray[] }).arrays;
}

/** Opens arrays and keeps the warnings. */
export function openMd(sources: readonly BlockSource[]): {
  readonly tables: readonly VolumeTable[];
  readonly warnings: readonly string[];
} {
  const warnings: string[] = [];
  const members = sources.filter((source) => mdDriver.probe(source, { sectorBytes: undefined }));
  const tables = mdDriver.open(members, { sectorBytes: undefined }, ({ message }) => warnings.push(message));
  return { tables, warnings };
}

/** Every choice of `count` of the items, left out. */
export function* without<T>(items: readonly T[], count: number): Generator<readonly T[]> {
  if (count === 0) {
    yield items;
    return;
  }
  for (let i = 0; i + count <= items.length; i++) {
    for (const rest of without(items.slice(i + 1), count - 1)) yield [...items.slice(0, i), ...rest];
  }
}
