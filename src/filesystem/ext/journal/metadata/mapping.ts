import { NomountError } from "../../../../error.ts";
import { FLAG } from "../../inode.ts";
import { readBlock, whereIs } from "./blocks.ts";
import type { Disk } from "./geometry.ts";
import type { RawInode } from "./inodes.ts";
import { EXTENT_MAGIC, extentHeader, extentIndex, extentLayout, MAX_EXTENT_BLOCKS, MAX_EXTENT_DEPTH } from "./layout.ts";

/** A contiguous stretch of a file, in blocks. */
export interface BlockRun {
  readonly logical: number;
  readonly physical: number;
  readonly count: number;
  readonly unwritten: boolean;
}

export interface BlockMap {
  /** Ascending by logical block. */
  readonly runs: BlockRun[];
  /** The blocks that hold the mapping itself: of the extent tree, or indirect ones. */
  readonly treeBlocks: number[];
}

/** Where a file's blocks lie, by either of ext's mappings. Throws `corrupt` naming what contradicts itself. */
export function readBlockMap(disk: Disk, inode: RawInode): BlockMap {
  const map: BlockMap = { runs: [], treeBlocks: [] };
  if ((inode.flags & FLAG.inlineData) !== 0) return map;
  const seen = new Set<number>();
  const visit = (block: number): Uint8Array => {
    if (seen.has(block)) {
      throw new NomountError("corrupt", `ext: inode ${inode.number}: its mapping uses block ${block} twice`, {
        where: whereIs(disk, block),
      });
    }
    seen.add(block);
    map.treeBlocks.push(block);
    return readBlock(disk, block, `mapping of inode ${inode.number}`);
  };
  if ((inode.flags & FLAG.extents) !== 0) readExtentNode(inode, inode.block, undefined, visit, map.runs);
  else readPointers(disk, inode, visit, map.runs);
  return map;
}

export interface ExtentNode {
  readonly depth: number;
  readonly entryCount: number;
}

/** The head of an extent tree's node. `depth` is what its parent lets expect; undefined at the root. */
export function readExtentHeader(inode: RawInode, node: Uint8Array, depth: number | undefined): ExtentNode {
  const header = extentHeader.view(node);
  const room = Math.floor((node.length - extentHeader.sizeBytes) / extentLayout.sizeBytes);
  const contradiction =
    header.magic !== EXTENT_MAGIC ||
    header.entryCount > header.maxEntries ||
    header.maxEntries > room ||
    header.depth > MAX_EXTENT_DEPTH ||
    (depth !== undefined && header.depth !== depth);
  if (contradiction) {
    throw new NomountError(
      "corrupt",
      `ext: inode ${inode.number}: an extent header of depth ${header.depth} with ${header.entryCount} of ${header.maxEntries} entries is wrong`,
    );
  }
  return header;
}

/** The `index`-th entry of a leaf. */
export function extentAt(node: Uint8Array, index: number): BlockRun {
  const entry = extentLayout.view(node, extentHeader.sizeBytes + index * extentLayout.sizeBytes);
  const unwritten = entry.length > MAX_EXTENT_BLOCKS;
  return {
    logical: entry.logicalBlock,
    physical: entry.physicalHigh * 2 ** 32 + entry.physicalLow,
    count: unwritten ? entry.length - MAX_EXTENT_BLOCKS : entry.length,
    unwritten,
  };
}

/** The `index`-th entry of a node above the leaves. */
export function childAt(node: Uint8Array, index: number): { readonly logical: number; readonly block: number } {
  const entry = extentIndex.view(node, extentHeader.sizeBytes + index * extentIndex.sizeBytes);
  return {
    logical: entry.logicalBlock,
    block: entry.childHigh * 2 ** 32 + entry.childLow,
  };
}

function readExtentNode(
  inode: RawInode,
  node: Uint8Array,
  expectedDepth: number | undefined,
  visit: (block: number) => Uint8Array,
  runs: BlockRun[],
): void {
  const { depth, entryCount } = readExtentHeader(inode, node, expectedDepth);
  for (let i = 0; i < entryCount; i++) {
    if (depth > 0) {
      readExtentNode(inode, visit(childAt(node, i).block), depth - 1, visit, runs);
      continue;
    }
    const run = extentAt(node, i);
    const last = runs.at(-1);
    if (run.count === 0 || (last !== undefined && run.logical < last.logical + last.count)) {
      throw new NomountError(
        "corrupt",
        `ext: inode ${inode.number}: extent of ${run.count} blocks at ${run.logical} is out of order`,
      );
    }
    runs.push(run);
  }
}

/** The levels of indirection of the twelve direct pointers and the three others (kernel ifork.rst, "Direct/Indirect Block Addressing"). */
export const DIRECT_POINTERS = 12;
export const POINTER_COUNT = 15;

export function indirectionOf(pointer: number): number {
  return Math.max(0, pointer - DIRECT_POINTERS + 1);
}

function readPointers(disk: Disk, inode: RawInode, visit: (block: number) => Uint8Array, runs: BlockRun[]): void {
  const perBlock = disk.geometry.blockBytes / 4;
  let logical = 0;
  const take = (pointer: number, level: number): void => {
    const covered = perBlock ** level;
    if (pointer === 0) {
      logical += covered;
    } else if (level === 0) {
      addBlock(runs, logical, pointer);
      logical += 1;
    } else {
      const pointers = pointersIn(visit(pointer));
      for (let i = 0; i < perBlock; i++) take(pointers.getUint32(i * 4, true), level - 1);
    }
  };
  const root = pointersIn(inode.block);
  for (let i = 0; i < POINTER_COUNT; i++) take(root.getUint32(i * 4, true), indirectionOf(i));
}

function addBlock(runs: BlockRun[], logical: number, physical: number): void {
  const last = runs.at(-1);
  if (last !== undefined && last.logical + last.count === logical && last.physical + last.count === physical) {
    runs[runs.length - 1] = { ...last, count: last.count + 1 };
  } else {
    runs.push({ logical, physical, count: 1, unwritten: false });
  }
}

export function pointersIn(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
