import { uuidText } from "../../../bytes/guid.ts";
import { type Recognised, type Recogniser, recognised, sizeOf, structAt, textUntilZero } from "../recognised.ts";
import { extSuperblock } from "./layout.ts";

export type ExtSuperblock = ReturnType<typeof extSuperblock.view>;

export const EXT_SUPERBLOCK_BYTE = 1024;
const MAGIC = 0xef53;
const HAS_JOURNAL = 0x4;
const JOURNAL_DEVICE = 0x8;
const SIXTY_FOUR_BIT = 0x80;

/** What ext2 and ext3 know; anything more makes an ext4. filetype, needs_recovery, meta_bg; sparse_super, large_file, btree_dir. */
const EXT3_INCOMPATIBLE = 0x2 | 0x4 | 0x10;
const EXT3_READ_ONLY = 0x1 | 0x2 | 0x4;

export const ext: Recogniser = (source) => {
  const superblock = structAt(source, extSuperblock, EXT_SUPERBLOCK_BYTE);
  return superblock !== undefined && isExtSuperblock(superblock) ? describeExt(superblock) : undefined;
};

/** The magic is two bytes only, so the sizes must make sense too. A journal of its own has no groups of inodes. */
export function isExtSuperblock(superblock: ExtSuperblock): boolean {
  const { magic, logBlockSize, blocksPerGroup, inodesPerGroup, firstDataBlock, incompatible } = superblock;
  if (magic !== MAGIC || logBlockSize > 6 || firstDataBlock > 1 || blockCountOf(superblock) === 0n) return false;
  return (blocksPerGroup > 0 && inodesPerGroup > 0) || (incompatible & JOURNAL_DEVICE) !== 0;
}

export function describeExt(superblock: ExtSuperblock): Recognised {
  const format = typeOf(superblock);
  return recognised(format, {
    label: textUntilZero(superblock.label),
    uuid: uuidText(superblock.uuid),
    sizeBytes: sizeOf(blockCountOf(superblock), extBlockBytes(superblock)),
    advice: format === JOURNAL ? "it holds the journal of another filesystem, no files" : undefined,
  });
}

export function extBlockBytes({ logBlockSize }: ExtSuperblock): number {
  return 1024 << logBlockSize;
}

const JOURNAL = "ext journal";

function typeOf({ compatible, incompatible, readOnlyCompatible }: ExtSuperblock): string {
  if ((incompatible & JOURNAL_DEVICE) !== 0) return JOURNAL;
  if ((incompatible & ~EXT3_INCOMPATIBLE) !== 0 || (readOnlyCompatible & ~EXT3_READ_ONLY) !== 0) return "ext4";
  return (compatible & HAS_JOURNAL) !== 0 ? "ext3" : "ext2";
}

function blockCountOf({ incompatible, blockCountLow, blockCountHigh }: ExtSuperblock): bigint {
  return BigInt(blockCountLow) | (BigInt((incompatible & SIXTY_FOUR_BIT) === 0 ? 0 : blockCountHigh) << 32n);
}
