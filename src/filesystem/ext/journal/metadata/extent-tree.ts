import type { Allocation } from "./allocation.ts";
import type { Draft } from "./geometry.ts";
import type { RawInode } from "./inodes.ts";
import { EXTENT_MAGIC, extentHeader, extentIndex, extentLayout, MAX_EXTENT_BLOCKS } from "./layout.ts";
import type { BlockRun } from "./mapping.ts";
import { writeExtentNode } from "./truncate.ts";

/** An entry of a node, encoded, and the first logical block below it. */
interface Entry {
  readonly logical: number;
  readonly bytes: Uint8Array;
}

/**
 * Gives a file a new extent tree over `runs`, in the old one's blocks as far as they go. Blocks that it needs beyond them are
 * taken from `allocation`, those that it no longer needs are given up. Changes the inode's mapping; the caller writes the
 * inode. Gives back how many blocks the tree takes.
 */
export function writeExtentTree(
  draft: Draft,
  allocation: Allocation,
  inode: RawInode,
  runs: readonly BlockRun[],
  oldTreeBlocks: readonly number[],
): number {
  const spare = [...oldTreeBlocks];
  const perBlock = Math.floor((draft.geometry.blockBytes - extentHeader.sizeBytes) / extentLayout.sizeBytes);
  const root = inode.block;
  const rootRoom = Math.floor((root.length - extentHeader.sizeBytes) / extentLayout.sizeBytes);
  const near = runs[0]?.physical ?? draft.geometry.firstDataBlock;
  let used = 0;
  let depth = 0;
  let entries: Entry[] = joined(runs).map(encodeRun);
  for (; entries.length > rootRoom; depth++) {
    const parents: Entry[] = [];
    for (let i = 0; i < entries.length; i += perBlock) {
      const block = spare.shift() ?? allocation.take(near, () => false);
      used += 1;
      const node = new Uint8Array(draft.geometry.blockBytes);
      const children = entries.slice(i, i + perBlock);
      fillNode(node, children, depth, perBlock);
      writeExtentNode(draft, inode, block, node);
      parents.push(encodeIndex(children[0]?.logical ?? 0, block));
    }
    entries = parents;
  }
  root.fill(0);
  fillNode(root, entries, depth, rootRoom);
  for (const block of spare) allocation.mark(block, 1, false);
  return used;
}

/** Neighbours in one extent, within the lengths that an extent can have. */
function joined(runs: readonly BlockRun[]): BlockRun[] {
  const result: BlockRun[] = [];
  for (const run of runs) {
    const last = result.at(-1);
    const most = run.unwritten ? MAX_EXTENT_BLOCKS - 1 : MAX_EXTENT_BLOCKS;
    const adjoins =
      last !== undefined &&
      last.logical + last.count === run.logical &&
      last.physical + last.count === run.physical &&
      last.unwritten === run.unwritten &&
      last.count + run.count <= most;
    if (adjoins) result[result.length - 1] = { ...last, count: last.count + run.count };
    else result.push(run);
  }
  return result;
}

function encodeRun({ logical, physical, count, unwritten }: BlockRun): Entry {
  const bytes = extentLayout.encode({
    logicalBlock: logical,
    length: unwritten ? count + MAX_EXTENT_BLOCKS : count,
    physicalHigh: Math.floor(physical / 2 ** 32),
    physicalLow: physical % 2 ** 32,
  });
  return { logical, bytes };
}

function encodeIndex(logical: number, block: number): Entry {
  const bytes = extentIndex.encode({
    logicalBlock: logical,
    childLow: block % 2 ** 32,
    childHigh: Math.floor(block / 2 ** 32),
  });
  return { logical, bytes };
}

function fillNode(node: Uint8Array, entries: readonly Entry[], depth: number, maxEntries: number): void {
  node.set(
    extentHeader.encode({
      magic: EXTENT_MAGIC,
      entryCount: entries.length,
      maxEntries,
      depth,
    }),
  );
  entries.forEach((entry, i) => {
    node.set(entry.bytes, extentHeader.sizeBytes + i * entry.bytes.length);
  });
}
