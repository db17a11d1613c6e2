import { crc32c } from "../../../../bytes/crc32c.ts";
import { FLAG } from "../../inode.ts";
import type { Allocation } from "./allocation.ts";
import { readBlock } from "./blocks.ts";
import type { Draft } from "./geometry.ts";
import { inodeSeed, type RawInode } from "./inodes.ts";
import { EXTENT_MAGIC, extentHeader, extentIndex, extentLayout, MAX_EXTENT_BLOCKS } from "./layout.ts";
import { childAt, extentAt, indirectionOf, POINTER_COUNT, pointersIn, readExtentHeader } from "./mapping.ts";

/** What a truncation needs at every level. */
interface Cut {
  readonly draft: Draft;
  readonly allocation: Allocation;
  readonly inode: RawInode;
  /** Logical blocks from here on are given up. */
  readonly keepBlocks: number;
  freedClusters: number;
  readonly seen: Set<number>;
}

/**
 * Gives up the blocks of a file from `keepBlocks` on, in place, as the kernel does: nodes of the mapping that become empty go
 * too, the others stay. Changes the inode's mapping and its count of blocks; the caller writes the inode.
 */
export function truncateBlocks(draft: Draft, allocation: Allocation, inode: RawInode, keepBlocks: number): void {
  if ((inode.flags & FLAG.inlineData) !== 0) return;
  const cut: Cut = {
    draft,
    allocation,
    inode,
    keepBlocks,
    freedClusters: 0,
    seen: new Set(),
  };
  if ((inode.flags & FLAG.extents) !== 0) truncateExtents(cut);
  else truncatePointers(cut);
  const unitBytes = (inode.flags & FLAG.hugeFile) !== 0 ? draft.geometry.blockBytes : 512;
  const freedUnits = (cut.freedClusters * draft.geometry.clusterBlocks * draft.geometry.blockBytes) / unitBytes;
  inode.spaceUnits = Math.max(0, inode.spaceUnits - freedUnits);
}

function truncateExtents(cut: Cut): void {
  const root = cut.inode.block;
  if (!truncateNode(cut, root, undefined)) return;
  const header = extentHeader.encode({
    magic: EXTENT_MAGIC,
    maxEntries: (root.length - extentHeader.sizeBytes) / extentLayout.sizeBytes,
    generation: extentHeader.view(root).generation,
  });
  root.set(header);
}

/** Says whether the node has no entries left. */
function truncateNode(cut: Cut, node: Uint8Array, expectedDepth: number | undefined): boolean {
  const { depth, entryCount } = readExtentHeader(cut.inode, node, expectedDepth);
  let left = entryCount;
  for (; left > 0; left--) {
    const stays = depth === 0 ? cutExtent(cut, node, left - 1) : cutChild(cut, node, left - 1, depth);
    if (stays) break;
  }
  new DataView(node.buffer, node.byteOffset).setUint16(extentHeader.offsetOf("entryCount"), left, true);
  return left === 0;
}

/** Says whether any of the extent is kept. */
function cutExtent(cut: Cut, leaf: Uint8Array, index: number): boolean {
  const run = extentAt(leaf, index);
  const kept = Math.min(run.count, Math.max(0, cut.keepBlocks - run.logical));
  free(cut, run.logical + kept, run.physical + kept, run.count - kept);
  if (kept === 0) return false;
  const offset = extentHeader.sizeBytes + index * extentLayout.sizeBytes + extentLayout.offsetOf("length");
  new DataView(leaf.buffer, leaf.byteOffset).setUint16(offset, kept + (run.unwritten ? MAX_EXTENT_BLOCKS : 0), true);
  return true;
}

function cutChild(cut: Cut, node: Uint8Array, index: number, depth: number): boolean {
  const { block } = childAt(node, index);
  const child = visit(cut, block);
  const isEmpty = truncateNode(cut, child, depth - 1);
  if (isEmpty) cut.freedClusters += cut.allocation.mark(block, 1, false);
  else writeExtentNode(cut.draft, cut.inode, block, child);
  return !isEmpty;
}

/** Puts a node of an extent tree back, its checksum made right. */
export function writeExtentNode(draft: Draft, inode: RawInode, block: number, node: Uint8Array): void {
  if (draft.geometry.checksums === "crc32c") {
    const end = extentHeader.sizeBytes + extentHeader.view(node).maxEntries * extentIndex.sizeBytes;
    const checksum = crc32c(node.subarray(0, end), inodeSeed(draft, inode));
    new DataView(node.buffer, node.byteOffset).setUint32(end, checksum, true);
  }
  draft.source.write(node, block * draft.geometry.blockBytes);
}

function truncatePointers(cut: Cut): void {
  const perBlock = cut.draft.geometry.blockBytes / 4;
  const root = pointersIn(cut.inode.block);
  let logical = 0;
  for (let i = 0; i < POINTER_COUNT; i++) {
    const level = indirectionOf(i);
    const pointer = root.getUint32(i * 4, true);
    if (pointer !== 0 && !cutPointer(cut, pointer, level, logical)) root.setUint32(i * 4, 0, true);
    logical += perBlock ** level;
  }
}

/** Says whether anything is kept of what a pointer that is not zero leads to. */
function cutPointer(cut: Cut, block: number, level: number, logical: number): boolean {
  const { geometry, source } = cut.draft;
  const perBlock = geometry.blockBytes / 4;
  if (logical + perBlock ** level <= cut.keepBlocks) return true;
  if (level === 0) {
    free(cut, logical, block, 1);
    return false;
  }
  const bytes = visit(cut, block);
  const pointers = pointersIn(bytes);
  const covered = perBlock ** (level - 1);
  let kept = 0;
  for (let i = 0; i < perBlock; i++) {
    const pointer = pointers.getUint32(i * 4, true);
    if (pointer === 0) continue;
    if (cutPointer(cut, pointer, level - 1, logical + i * covered)) kept += 1;
    else pointers.setUint32(i * 4, 0, true);
  }
  if (kept > 0) source.write(bytes, block * geometry.blockBytes);
  else cut.freedClusters += cut.allocation.mark(block, 1, false);
  return kept > 0;
}

/** A cluster that a kept block shares stays. */
function free(cut: Cut, logical: number, physical: number, count: number): void {
  const { clusterBlocks } = cut.draft.geometry;
  const firstFree = Math.ceil(cut.keepBlocks / clusterBlocks) * clusterBlocks;
  const skip = Math.max(0, firstFree - logical);
  if (skip < count) cut.freedClusters += cut.allocation.mark(physical + skip, count - skip, false);
}

/** A node is read once: a damaged mapping that leads in a circle ends here. */
function visit(cut: Cut, block: number): Uint8Array {
  const what = `mapping of inode ${cut.inode.number}`;
  if (cut.seen.has(block)) return new Uint8Array(cut.draft.geometry.blockBytes);
  cut.seen.add(block);
  return readBlock(cut.draft, block, what);
}
