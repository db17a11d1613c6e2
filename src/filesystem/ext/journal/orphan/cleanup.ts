import { crc32c } from "../../../../bytes/crc32c.ts";
import { NomountError } from "../../../../error.ts";
import { FLAG } from "../../inode.ts";
import type { Allocation } from "../metadata/allocation.ts";
import { readBlock } from "../metadata/blocks.ts";
import { type Draft, superblockFields } from "../metadata/geometry.ts";
import { modes, type RawInode, readInode, writeInode } from "../metadata/inodes.ts";
import { XATTR_MAGIC, xattrBlockHeader } from "../metadata/layout.ts";
import { truncateBlocks } from "../metadata/truncate.ts";
import { type XattrList, xattrsInBlock, xattrsInInode } from "../metadata/xattr-list.ts";
import { blockNumber, clearOrphanFile, filedOrphans, listedOrphans } from "./list.ts";

export interface Cleanup {
  readonly deleted: number;
  readonly truncated: number;
  /** What was named as an orphan and is none. */
  readonly failure: NomountError | undefined;
}

/**
 * Finishes what the crash interrupted: inodes without a name are deleted, the others lose what lies beyond their size. Unlike
 * the kernel it leaves their times as they are, since the kernel's would be those of the mount.
 */
export function cleanUpOrphans(draft: Draft, allocation: Allocation): Cleanup {
  let deleted = 0;
  let truncated = 0;
  let failure: NomountError | undefined;
  // As in the kernel, the file is read and checked before anything is cleaned up.
  const filed = filedOrphans(draft);
  const cleanUp = (number: number): boolean => {
    try {
      if (cleanUpInode(draft, allocation, number) === "deleted") deleted += 1;
      else truncated += 1;
      return true;
    } catch (error) {
      // What is no orphan is a finding; what cannot be read ends the clean-up.
      if (!(error instanceof NomountError) || error.kind === "source") throw error;
      failure ??= error;
      return false;
    }
  };
  // The first bad one ends the list, but not the file.
  for (const number of listedOrphans(draft)) if (!cleanUp(number)) break;
  for (const number of filed) cleanUp(number);
  clearOrphanFile(draft);
  return { deleted, truncated, failure };
}

function cleanUpInode(draft: Draft, allocation: Allocation, number: number): "deleted" | "truncated" {
  const { firstFreeInode, inodeCount, blockBytes } = draft.geometry;
  if (number < firstFreeInode || number > inodeCount || !allocation.isInodeUsed(number)) throw badOrphan(draft, number);
  const inode = readInode(draft, number);
  const mapped = hasBlockMap(draft, inode);
  if (inode.linkCount > 0) {
    if (!mapped) throw badOrphan(draft, number);
    truncateBlocks(draft, allocation, inode, Math.ceil(inode.sizeBytes / blockBytes));
    inode.deletedAt = 0;
    writeInode(draft, inode);
    return "truncated";
  }
  if (inode.mode === 0) throw badOrphan(draft, number);
  deleteInode(draft, allocation, inode);
  return "deleted";
}

function deleteInode(draft: Draft, allocation: Allocation, inode: RawInode): void {
  if (hasBlockMap(draft, inode)) truncateBlocks(draft, allocation, inode, 0);
  else if (inode.kind === modes.symlink) inode.block.fill(0);
  releaseInode(draft, allocation, inode);
  writeInode(draft, inode);
}

/** What the kernel does with an inode whose last name is gone, apart from its blocks. The caller writes the inode. */
export function releaseInode(draft: Draft, allocation: Allocation, inode: RawInode): void {
  releaseValues(draft, allocation, xattrsInInode(inode));
  releaseXattrBlock(draft, allocation, inode);
  inode.sizeBytes = 0;
  inode.spaceUnits = 0;
  inode.deletedAt = Math.max(1, superblockFields(draft.source).writtenAt);
  allocation.markInode(inode.number, false, inode.kind === modes.directory);
}

/** Devices, pipes and short symlinks keep something else in the place of the mapping. */
function hasBlockMap(draft: Draft, inode: RawInode): boolean {
  if (inode.kind === modes.file || inode.kind === modes.directory) return true;
  if (inode.kind !== modes.symlink || (inode.flags & FLAG.inlineData) !== 0) return false;
  const { clusterBlocks, blockBytes } = draft.geometry;
  const unitBytes = (inode.flags & FLAG.hugeFile) !== 0 ? blockBytes : 512;
  const xattrUnits = inode.xattrBlock === 0 ? 0 : (clusterBlocks * blockBytes) / unitBytes;
  return inode.spaceUnits > xattrUnits;
}

/** Inodes with equal attributes share a block of them; the last one frees it. */
function releaseXattrBlock(draft: Draft, allocation: Allocation, inode: RawInode): void {
  const block = inode.xattrBlock;
  if (block === 0) return;
  inode.xattrBlock = 0;
  const bytes = readBlock(draft, block, `inode ${inode.number}: extended attributes`);
  const header = xattrBlockHeader.view(bytes);
  if (header.magic !== XATTR_MAGIC || header.referenceCount <= 1) {
    releaseValues(draft, allocation, xattrsInBlock(bytes));
    allocation.mark(block, 1, false);
    return;
  }
  const view = new DataView(bytes.buffer);
  view.setUint32(xattrBlockHeader.offsetOf("referenceCount"), header.referenceCount - 1, true);
  if (draft.geometry.checksums === "crc32c") {
    const offset = xattrBlockHeader.offsetOf("checksum");
    view.setUint32(offset, 0, true);
    view.setUint32(offset, crc32c(bytes, crc32c(blockNumber(block), draft.geometry.checksumSeed)), true);
  }
  draft.source.write(bytes, block * draft.geometry.blockBytes);
}

/** Values too large for the list lie in inodes of their own, which inodes with equal values share (feature ea_inode). */
function releaseValues(draft: Draft, allocation: Allocation, list: XattrList | undefined): void {
  for (const { valueInode } of list?.entries ?? []) {
    if (valueInode < draft.geometry.firstFreeInode || valueInode > draft.geometry.inodeCount) continue;
    const value = readInode(draft, valueInode);
    if ((value.flags & FLAG.xattrValue) === 0 || value.linkCount === 0) continue;
    value.valueReferences -= 1n;
    if (value.valueReferences > 0n) {
      writeInode(draft, value);
      continue;
    }
    value.linkCount = 0;
    deleteInode(draft, allocation, value);
  }
}

function badOrphan(draft: Draft, number: number): NomountError {
  return new NomountError("corrupt", `ext: inode ${number} is on the orphan list but is no orphan`, {
    where: { label: draft.source.label },
  });
}
