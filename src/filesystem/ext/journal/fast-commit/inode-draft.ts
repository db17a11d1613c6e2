import { FLAG } from "../../inode.ts";
import type { Allocation } from "../metadata/allocation.ts";
import { type Entry, packEntries, readEntries, writeEntries } from "../metadata/directory.ts";
import { writeExtentTree } from "../metadata/extent-tree.ts";
import type { Draft } from "../metadata/geometry.ts";
import { dropInlineData, readInlineEntries } from "../metadata/inline-directory.ts";
import { modes, type RawInode, readInode, writeInode } from "../metadata/inodes.ts";
import { EXTENT_MAGIC, extentHeader } from "../metadata/layout.ts";
import { type BlockMap, type BlockRun, readBlockMap } from "../metadata/mapping.ts";

/** Names are compared as bytes: one character each. */
export type NameKey = string;

export function nameKey(name: Uint8Array): NameKey {
  let key = "";
  for (const byte of name) key += String.fromCharCode(byte);
  return key;
}

/**
 * An inode while fast commits are applied to it. Its mapping and its directory are lists here, and become blocks again when
 * all is applied: no order of changes needs a tree or an index to be balanced on the way.
 */
export class InodeDraft {
  readonly inode: RawInode;
  /** Of the live inode before the first change: what is no longer used afterwards becomes free. */
  readonly before: BlockMap;
  /** Ascending; replaced as a whole. */
  runs: readonly BlockRun[];
  /** The blocks of the extent tree, to be used again. */
  #treeBlocks: readonly number[];
  #mappingChanged = false;
  /** Whether the count of blocks is to be made anew: done when the record of an inode is replayed. */
  countsBlocks = false;
  /** A directory that was begun anew, though its inode says that it has an index. */
  lacksIndex = false;
  #entries: Map<NameKey, Entry> | undefined;

  constructor(draft: Draft, number: number) {
    this.inode = readInode(draft, number);
    const map = this.isMapped ? readBlockMap(draft, this.inode) : { runs: [], treeBlocks: [] };
    this.before = this.isAlive ? map : { runs: [], treeBlocks: [] };
    this.runs = map.runs;
    this.#treeBlocks = map.treeBlocks;
  }

  get isAlive(): boolean {
    return this.inode.linkCount > 0;
  }

  get isDirectory(): boolean {
    return this.inode.kind === modes.directory;
  }

  /** Fast commits know extents only. */
  get isMapped(): boolean {
    return (this.inode.flags & FLAG.extents) !== 0 && extentHeader.view(this.inode.block).magic === EXTENT_MAGIC;
  }

  get #isInline(): boolean {
    return (this.inode.flags & FLAG.inlineData) !== 0;
  }

  /** Replaces what lies in `count` logical blocks from `logical` on by `run`, or by nothing. */
  replaceRange(logical: number, count: number, run: BlockRun | undefined): void {
    const end = logical + count;
    const runs: BlockRun[] = [];
    for (const old of this.runs) {
      const oldEnd = old.logical + old.count;
      if (old.logical < logical)
        runs.push({
          ...old,
          count: Math.min(old.count, logical - old.logical),
        });
      if (oldEnd <= end) continue;
      const skip = Math.max(0, end - old.logical);
      runs.push({
        ...old,
        logical: old.logical + skip,
        physical: old.physical + skip,
        count: old.count - skip,
      });
    }
    if (run !== undefined) runs.splice(runs.findLastIndex((other) => other.logical < run.logical) + 1, 0, run);
    this.runs = runs;
    this.#mappingChanged = true;
  }

  /** The entries of a directory, "." and ".." apart from the others being names as well. */
  entries(draft: Draft): Map<NameKey, Entry> {
    if (this.#entries !== undefined) return this.#entries;
    const entries = this.#isInline ? readInlineEntries(draft, this.inode) : readEntries(draft, this.inode, this.runs);
    if (this.#isInline) this.beginMapping();
    this.#entries = new Map(entries.map((entry) => [nameKey(entry.name), entry]));
    return this.#entries;
  }

  /** Makes it a new, empty directory without blocks. */
  beginDirectory(entries: readonly Entry[]): void {
    this.lacksIndex = (this.inode.flags & FLAG.index) !== 0;
    this.#entries = new Map(entries.map((entry) => [nameKey(entry.name), entry]));
    if (this.#isInline) this.beginMapping();
    else this.clearMapping();
  }

  /** Gives an inode that has just been made, or that held its data itself, an extent tree without extents. */
  beginMapping(): void {
    dropInlineData(this.inode);
    this.clearMapping();
  }

  clearMapping(): void {
    this.replaceRange(0, 2 ** 32, undefined);
  }

  /** Puts the directory's blocks, the mapping and the inode back. Every block that the runs name is marked as used by now. */
  write(draft: Draft, allocation: Allocation): void {
    if (this.#entries !== undefined && this.isAlive) this.#writeDirectory(draft, allocation, this.#entries);
    if (this.#mappingChanged) {
      this.inode.flags |= FLAG.extents;
      const treeBlocks = writeExtentTree(draft, allocation, this.inode, this.runs, this.#treeBlocks);
      this.#treeBlocks = [];
      if (this.countsBlocks) this.#countBlocks(draft, treeBlocks);
    } else if (this.countsBlocks) {
      this.#countBlocks(draft, this.#treeBlocks.length);
    }
    writeInode(draft, this.inode);
  }

  #writeDirectory(draft: Draft, allocation: Allocation, entries: ReadonlyMap<NameKey, Entry>): void {
    const { blockBytes } = draft.geometry;
    const blocks = [...physicalBlocks(this.runs)];
    const packed = packEntries(draft, [...entries.values()]);
    while (blocks.length < packed.length) {
      const physical = allocation.take(blocks.at(-1) ?? draft.geometry.firstDataBlock, () => false);
      this.replaceRange(blocks.length, 1, {
        logical: blocks.length,
        physical,
        count: 1,
        unwritten: false,
      });
      this.inode.spaceUnits += ((this.inode.flags & FLAG.hugeFile) === 0 ? blockBytes / 512 : 1) * draft.geometry.clusterBlocks;
      blocks.push(physical);
    }
    blocks.forEach((block, i) => {
      writeEntries(draft, this.inode, block, packed[i] ?? []);
    });
    this.inode.flags &= ~FLAG.index;
    this.inode.sizeBytes = blocks.length * blockBytes;
  }

  #countBlocks(draft: Draft, treeBlocks: number): void {
    if (this.#isInline) return;
    const blocks = this.runs.reduce((sum, run) => sum + run.count, treeBlocks);
    this.inode.spaceUnits = blocks * (draft.geometry.blockBytes / 512);
  }
}

function* physicalBlocks(runs: readonly BlockRun[]): Generator<number> {
  for (const run of runs) for (let i = 0; i < run.count; i++) yield run.physical + i;
}
