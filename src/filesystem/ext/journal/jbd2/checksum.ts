import { crc32c } from "../../../../bytes/crc32c.ts";
import { blockTail, commitBlock } from "./layout.ts";
import type { Journal } from "./superblock.ts";
import { hasTail, type Tag } from "./tags.ts";

/** Whether the checksum at the end of a descriptor or revoke block is right, or there is none. */
export function tailIsRight(journal: Journal, block: Uint8Array): boolean {
  if (!hasTail(journal)) return true;
  const offset = block.length - blockTail.sizeBytes;
  return blockTail.view(block, offset).checksum === without(block, offset, journal.checksumSeed);
}

/**
 * Whether a commit block's own checksum (versions 2 and 3) is right. As in the kernel it also counts as right when only the
 * 64 bytes of its header have reached the disk, and the rest of the block is to be taken for zeros.
 */
export function commitIsRight(journal: Journal, block: Uint8Array): boolean {
  if (!hasTail(journal)) return true;
  const { checksum } = commitBlock.view(block);
  const offset = commitBlock.offsetOf("checksum");
  if (checksum === without(block, offset, journal.checksumSeed)) return true;
  const headerOnly = new Uint8Array(block.length);
  headerOnly.set(block.subarray(0, commitBlock.sizeBytes));
  return checksum === without(headerOnly, offset, journal.checksumSeed);
}

/** Whether a block of the log holds what its tag says: the checksum is over the transaction's number and the block. */
export function dataIsRight(journal: Journal, tag: Tag, sequence: number, block: Uint8Array): boolean {
  if (!hasTail(journal)) return true;
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, sequence);
  const checksum = crc32c(block, crc32c(number, journal.checksumSeed));
  return tag.checksum === (journal.checksums === "v3" ? checksum : checksum & 0xffff);
}

/** The checksum of a block whose four bytes at `offset` count as zero. */
function without(block: Uint8Array, offset: number, seed: number): number {
  const before = crc32c(block.subarray(0, offset), seed);
  return crc32c(block.subarray(offset + 4), crc32c(new Uint8Array(4), before));
}
