import { blob, struct, u8, u16be, u32be, u64be } from "../../../../bytes/layout.ts";

/**
 * On-disk structures of the journal of ext3 and ext4, all big-endian.
 * Source: kernel Documentation/filesystems/ext4/journal.rst, the section named with each.
 */

/** "Block Header": the first 12 bytes of every block of the log that is not a copy of a filesystem block. */
export const blockHeader = struct("journal block header", {
  magic: u32be(),
  blockType: u32be(),
  /** Of the transaction that the block belongs to. */
  sequence: u32be(),
});

export const JOURNAL_MAGIC = 0xc03b3998;

export const blockTypes = {
  descriptor: 1,
  commit: 2,
  superblockV1: 3,
  superblockV2: 4,
  revoke: 5,
} as const;

/** "Super Block", at the start of the journal. A version 1 superblock ends before the features. */
export const journalSuperblock = struct("journal superblock", {
  magic: u32be(),
  blockType: u32be(),
  headerSequence: u32be(),
  blockBytes: u32be(),
  /** Blocks in the journal, fast-commit area included. */
  lengthBlocks: u32be(),
  /** The first block of the ring. */
  firstBlock: u32be(),
  /** The first transaction expected in the log. */
  sequence: u32be(),
  /** Where that transaction begins; 0: there is nothing to replay. */
  startBlock: u32be(),
  /** Recorded by the journal when the filesystem was aborted. */
  errno: u32be(),
  featureCompat: u32be(),
  featureIncompat: u32be(),
  featureRoCompat: u32be(),
  uuid: blob(16),
  userCount: u32be(),
  dynamicSuperblock: u32be(),
  maxTransactionBlocks: u32be(),
  maxTransactionDataBlocks: u32be(),
  checksumType: u8(),
  padding2: blob(3),
  /** 0 stands for 256. */
  fastCommitBlocks: u32be(),
  headBlock: u32be(),
  padding: blob(160),
  /** CRC-32C of these 1024 bytes with this field zero. */
  checksum: u32be(),
  users: blob(768),
});

export const featureCompat = { checksum: 0x1 } as const;

export const featureIncompat = {
  revoke: 0x1,
  is64Bit: 0x2,
  asyncCommit: 0x4,
  checksumV2: 0x8,
  checksumV3: 0x10,
  fastCommit: 0x20,
} as const;

/** The one checksum algorithm of versions 2 and 3: CRC-32C. */
export const CHECKSUM_CRC32C = 4;

/** The one checksum algorithm of version 1, and how many bytes it says it has. */
export const CHECKSUM_CRC32 = 1;
export const CHECKSUM_CRC32_BYTES = 4;

/** "Descriptor Block", the tag of a journal with checksums of version 3. */
export const blockTag3 = struct("journal block tag", {
  blockLow: u32be(),
  flags: u32be(),
  blockHigh: u32be(),
  checksum: u32be(),
});

/**
 * The tag of every other journal. `blockHigh` is there on 64-bit journals only; version 2 of the checksums makes the tag
 * two bytes longer without using them.
 */
export const blockTag = struct("journal block tag", {
  blockLow: u32be(),
  /** The lower half of the checksum. */
  checksum: u16be(),
  flags: u16be(),
});

export const tagFlags = {
  /** The block began with the journal's magic, which was zeroed. */
  escaped: 0x1,
  /** No UUID follows the tag. */
  sameUuid: 0x2,
  last: 0x8,
} as const;

export const TAG_UUID_BYTES = 16;

/** The checksum in the last bytes of descriptor and revoke blocks, with versions 2 and 3. */
export const blockTail = struct("journal block tail", { checksum: u32be() });

/** "Revocation Block": block numbers follow, of 4 or 8 bytes. */
export const revokeHeader = struct("journal revocation block", {
  magic: u32be(),
  blockType: u32be(),
  sequence: u32be(),
  /** Bytes used in this block, header included. */
  usedBytes: u32be(),
});

/** "Commit Block": the kernel writes its 60 bytes and 4 more of padding, then zeros. */
export const commitBlock = struct("journal commit block", {
  magic: u32be(),
  blockType: u32be(),
  sequence: u32be(),
  checksumType: u8(),
  checksumBytes: u8(),
  padding: blob(2),
  checksum: u32be(),
  moreChecksums: blob(28),
  commitSeconds: u64be(),
  commitNanoseconds: u32be(),
  padding2: blob(4),
});
