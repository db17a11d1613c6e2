import { uuidText } from "../../bytes/guid.ts";
import { nameFromBytes } from "../../bytes/names.ts";
import { hex, NomountError, type Where } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { type FeatureBits, type Features, featuresOf, typeOf } from "./features.ts";
import { SUPERBLOCK_OFFSET_BYTES, superblockLayout } from "./layout.ts";

const MAGIC = 0xef53;
const MAX_REVISION = 1;
/** Revision 0 has no field for either. */
const REVISION_0_FIRST_FREE_INODE = 11;
const REVISION_0_INODE_BYTES = 128;
/** 64 KiB: larger blocks are not defined. */
const MAX_BLOCK_SIZE_LOG = 6;
/** 512 MiB, as in mke2fs. */
const MAX_CLUSTER_SIZE_LOG = 19;

const STATE_CLEAN = 1;
const STATE_ERRORS = 2;
const FLAG_UNSIGNED_HASH = 2;

/** What the superblock says, found possible. */
export interface Superblock {
  readonly type: "ext2" | "ext3" | "ext4";
  readonly label: string;
  readonly uuid: string;
  readonly features: Features;
  readonly revision: number;
  readonly blockBytes: number;
  readonly blockCount: number;
  readonly freeBlockCount: number;
  readonly clusterBytes: number;
  readonly inodeBytes: number;
  readonly inodeCount: number;
  readonly freeInodeCount: number;
  readonly inodesPerGroup: number;
  /** The lowest inode number that a file may have, apart from the root's. */
  readonly firstFreeInode: number;
  readonly hashSeed: Uint8Array;
  readonly defaultHashVersion: number;
  /** Whether hashes of names take their bytes for unsigned. */
  readonly hashUnsigned: boolean;
  readonly cleanlyUnmounted: boolean;
  readonly hasErrors: boolean;
  readonly hasOrphans: boolean;
  readonly errorCount: number;
  readonly lastMountedOn: string;
  readonly mountCount: number;
  /** Nanoseconds since 1970; undefined where it never was. */
  readonly createdNs: bigint | undefined;
  readonly mountedNs: bigint | undefined;
  readonly writtenNs: bigint | undefined;
}

type Fields = ReturnType<typeof superblockLayout.view>;

/** Whether a plausible superblock is there. Reads one kibibyte. */
export function hasSuperblock(source: BlockSource): boolean {
  const fields = readFields(source);
  return fields !== undefined && fields.magic === MAGIC && findContradiction(fields) === undefined && !isJournal(fields);
}

/** The superblock of a filesystem. Throws `corrupt` or `unsupported` naming what does not hold. */
export function readSuperblock(source: BlockSource): Superblock {
  const where: Where = { label: source.label, offsetBytes: SUPERBLOCK_OFFSET_BYTES };
  const fields = readFields(source);
  if (fields === undefined) {
    throw new NomountError("corrupt", `ext: no superblock: the volume ends at byte ${source.sizeBytes}`, { where });
  }
  if (fields.magic !== MAGIC) {
    throw new NomountError("corrupt", `ext: superblock: expected magic ${hex(MAGIC)}, found ${hex(fields.magic, 4)}`, {
      where,
    });
  }
  const contradiction = findContradiction(fields);
  if (contradiction !== undefined) throw new NomountError("corrupt", `ext: superblock: ${contradiction}`, { where });
  const superblock = parse(fields);
  if (isJournal(fields)) {
    throw new NomountError("unsupported", "ext: this is the external journal of a filesystem, which is on another device", {
      where,
    });
  }
  const { unsupported } = superblock.features;
  if (unsupported.length > 0) {
    throw new NomountError("unsupported", `${superblock.type}: feature ${unsupported.join(", ")} is not supported`, { where });
  }
  return superblock;
}

function readFields(source: BlockSource): Fields | undefined {
  if (source.sizeBytes < SUPERBLOCK_OFFSET_BYTES + superblockLayout.sizeBytes) return undefined;
  const bytes = new Uint8Array(superblockLayout.sizeBytes);
  source.readSync(bytes, SUPERBLOCK_OFFSET_BYTES);
  return superblockLayout.view(bytes);
}

function bitsOf(fields: Fields): FeatureBits {
  if (fields.revision === 0) return { compatible: 0, incompatible: 0, readOnly: 0 };
  return {
    compatible: fields.compatibleFeatures,
    incompatible: fields.incompatibleFeatures,
    readOnly: fields.readOnlyFeatures,
  };
}

function isJournal(fields: Fields): boolean {
  return featuresOf(bitsOf(fields)).names.has("journal_dev");
}

/** The first field that cannot be, in words: expected and found; undefined for a superblock that can be right. */
function findContradiction(fields: Fields): string | undefined {
  if (fields.revision > MAX_REVISION) return `expected revision 0 or 1, found ${fields.revision}`;
  if (fields.blockSizeLog > MAX_BLOCK_SIZE_LOG) {
    return `expected a block size of 1024 << 0 to 1024 << ${MAX_BLOCK_SIZE_LOG}, found 1024 << ${fields.blockSizeLog}`;
  }
  if (isJournal(fields)) return undefined;
  const { names } = featuresOf(bitsOf(fields));
  const { blockBytes, inodeBytes, blockCount, clusterRatioLog } = sizesOf(fields);
  if (names.has("bigalloc") && (clusterRatioLog < 0 || fields.clusterSizeLog > MAX_CLUSTER_SIZE_LOG)) {
    return `expected clusters of at least a block of ${blockBytes} bytes, found 1024 << ${fields.clusterSizeLog}`;
  }
  if (inodeBytes < REVISION_0_INODE_BYTES || inodeBytes > blockBytes || (inodeBytes & (inodeBytes - 1)) !== 0) {
    return `expected an inode size from ${REVISION_0_INODE_BYTES} to ${blockBytes}, a power of two, found ${inodeBytes}`;
  }
  const bitmapBits = 8 * blockBytes;
  const clustersPerGroup = names.has("bigalloc") ? fields.clustersPerGroup : fields.blocksPerGroup;
  if (clustersPerGroup < 8 || clustersPerGroup > bitmapBits) {
    return `expected 8 to ${bitmapBits} blocks or clusters in a group, found ${clustersPerGroup}`;
  }
  if (fields.blocksPerGroup !== clustersPerGroup * 2 ** clusterRatioLog) {
    return `expected ${clustersPerGroup * 2 ** clusterRatioLog} blocks in a group, found ${fields.blocksPerGroup}`;
  }
  if (fields.inodesPerGroup === 0 || fields.inodesPerGroup > bitmapBits) {
    return `expected 1 to ${bitmapBits} inodes in a group, found ${fields.inodesPerGroup}`;
  }
  if (blockCount * blockBytes > Number.MAX_SAFE_INTEGER)
    return `${hex(BigInt(blockCount))} blocks are out of range: expected below 2^53 bytes`;
  if (fields.firstDataBlock > 1 || fields.firstDataBlock >= blockCount) {
    return `expected data to begin at block 0 or 1 of ${blockCount}, found ${fields.firstDataBlock}`;
  }
  const groupCount = Math.ceil((blockCount - fields.firstDataBlock) / fields.blocksPerGroup);
  if (groupCount * fields.inodesPerGroup !== fields.inodeCount) {
    return `expected ${groupCount * fields.inodesPerGroup} inodes (${groupCount} groups of ${fields.inodesPerGroup}), found ${fields.inodeCount}`;
  }
  return undefined;
}

function sizesOf(fields: Fields) {
  const { names } = featuresOf(bitsOf(fields));
  const high = names.has("64bit") ? 1 : 0;
  const clusterRatioLog = names.has("bigalloc") ? fields.clusterSizeLog - fields.blockSizeLog : 0;
  const blockBytes = 1024 << fields.blockSizeLog;
  return {
    blockBytes,
    clusterRatioLog,
    clusterBytes: blockBytes * 2 ** clusterRatioLog,
    inodeBytes: fields.revision === 0 ? REVISION_0_INODE_BYTES : fields.inodeBytes,
    blockCount: fields.blockCountLow + high * fields.blockCountHigh * 2 ** 32,
    freeBlockCount: fields.freeBlockCountLow + high * fields.freeBlockCountHigh * 2 ** 32,
  };
}

function parse(fields: Fields): Superblock {
  const bits = bitsOf(fields);
  const features = featuresOf(bits);
  const { blockBytes, blockCount, freeBlockCount, clusterBytes, inodeBytes } = sizesOf(fields);
  return {
    type: typeOf(bits),
    label: textOf(fields.label),
    uuid: uuidText(fields.uuid),
    features,
    revision: fields.revision,
    blockBytes,
    blockCount,
    freeBlockCount,
    clusterBytes,
    inodeBytes,
    inodeCount: fields.inodeCount,
    freeInodeCount: fields.freeInodeCount,
    inodesPerGroup: fields.inodesPerGroup,
    firstFreeInode: fields.revision === 0 ? REVISION_0_FIRST_FREE_INODE : fields.firstFreeInode,
    hashSeed: fields.hashSeed.slice(),
    defaultHashVersion: fields.defaultHashVersion,
    hashUnsigned: (fields.flags & FLAG_UNSIGNED_HASH) !== 0,
    cleanlyUnmounted: (fields.state & STATE_CLEAN) !== 0,
    hasErrors: (fields.state & STATE_ERRORS) !== 0,
    hasOrphans: fields.lastOrphan !== 0 || features.names.has("orphan_present"),
    errorCount: fields.errorCount,
    lastMountedOn: textOf(fields.lastMountedOn),
    mountCount: fields.mountCount,
    createdNs: timeOf(fields.createdAt, fields.createdAtHigh),
    mountedNs: timeOf(fields.mountedAt, fields.mountedAtHigh),
    writtenNs: timeOf(fields.writtenAt, fields.writtenAtHigh),
  };
}

/** Up to the first NUL; a field that is full has none. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return nameFromBytes(end === -1 ? bytes : bytes.subarray(0, end));
}

function timeOf(low: number, high: number): bigint | undefined {
  const seconds = high * 2 ** 32 + low;
  return seconds === 0 ? undefined : BigInt(seconds) * 1_000_000_000n;
}
