import type { BlockSource } from "../../source/block-source.ts";
import { structAt } from "../formats/recognised.ts";
import { describeExt, EXT_SUPERBLOCK_BYTE, type ExtSuperblock, extBlockBytes, isExtSuperblock } from "../formats/unix/ext.ts";
import { extGroupDescriptor, extInode, extSuperblock } from "../formats/unix/layout.ts";
import { type Detector, finding } from "./finding.ts";

/**
 * A superblock, or the copy of one in a later block group, from which the start of the filesystem follows. That there is a
 * filesystem around it shows in its root directory: the journal and images in files hold stray copies.
 */
export const extDetector: Detector = (source, atBytes) => {
  const superblock = structAt(source, extSuperblock, atBytes);
  if (superblock === undefined || !isExtSuperblock(superblock)) return undefined;
  const { blockGroup, firstDataBlock, blocksPerGroup } = superblock;
  const isBackup = blockGroup > 0;
  const inFileSystem = isBackup
    ? (firstDataBlock + blockGroup * blocksPerGroup) * extBlockBytes(superblock)
    : EXT_SUPERBLOCK_BYTE;
  const start = atBytes - inFileSystem;
  if (start < 0 || !hasRoot(source, start, superblock)) return undefined;
  const notes = isBackup
    ? [`its superblock is lost; found by the backup in block group ${blockGroup}, at byte ${atBytes}`]
    : [];
  return finding(source, start, describeExt(superblock), notes);
};

const ROOT_INODE = 2;
const DIRECTORY = 0x4000;
const FORMAT_MASK = 0xf000;

/** Inode 2 lies in the first group, whose descriptor follows the superblock, with meta_bg as well. */
function hasRoot(source: BlockSource, start: number, superblock: ExtSuperblock): boolean {
  const blockBytes = extBlockBytes(superblock);
  const descriptor = structAt(source, extGroupDescriptor, start + (superblock.firstDataBlock + 1) * blockBytes);
  if (descriptor === undefined) return false;
  const inodeBytes = superblock.revision === 0 ? 128 : superblock.inodeBytes;
  const root = structAt(source, extInode, start + descriptor.inodeTableLow * blockBytes + (ROOT_INODE - 1) * inodeBytes);
  return root !== undefined && (root.mode & FORMAT_MASK) === DIRECTORY && root.linkCount >= 2;
}
