import { crc32c } from "../../../../bytes/crc32c.ts";
import { NomountError } from "../../../../error.ts";
import type { BlockSource } from "../../../../source/block-source.ts";
import type { OverlaySource } from "../../../../source/overlay.ts";
import { SUPERBLOCK_OFFSET_BYTES, superblockLayout } from "../../layout.ts";
import type { Superblock } from "../../superblock.ts";
import { groupDescriptor, groupDescriptorHigh } from "./layout.ts";

/** Where the structures of a filesystem lie, and how they are checked. */
export interface Geometry {
  readonly blockBytes: number;
  readonly blockCount: number;
  readonly firstDataBlock: number;
  readonly blocksPerGroup: number;
  /** What a bit of the block bitmap stands for. */
  readonly clusterBlocks: number;
  readonly clustersPerGroup: number;
  readonly groupCount: number;
  readonly inodesPerGroup: number;
  readonly inodeBytes: number;
  readonly inodeCount: number;
  readonly firstFreeInode: number;
  readonly descriptorBytes: number;
  /** The first group of descriptors that lies with its groups, or undefined: all lie together. */
  readonly firstMetaGroup: number | undefined;
  readonly reservedDescriptorBlocks: number;
  readonly features: ReadonlySet<string>;
  /** "crc32c" with metadata_csum, "crc16" (of group descriptors alone) with uninit_bg. */
  readonly checksums: "crc32c" | "crc16" | undefined;
  readonly checksumSeed: number;
  readonly uuid: Uint8Array;
  readonly backupGroups: readonly number[];
}

/** A filesystem's metadata: `source` begins where it begins. */
export interface Disk {
  readonly source: BlockSource;
  readonly geometry: Geometry;
}

/** A disk whose metadata can be changed: the changes stay in the overlay. */
export interface Draft extends Disk {
  readonly source: OverlaySource;
}

export function geometryOf(source: BlockSource, superblock: Superblock): Geometry {
  const fields = superblockFields(source);
  const features = superblock.features.names;
  const bigalloc = features.has("bigalloc");
  const { blockBytes, blockCount } = superblock;
  const descriptorBytes = features.has("64bit") ? fields.groupDescriptorBytes : groupDescriptor.sizeBytes;
  if (descriptorBytes < groupDescriptor.sizeBytes || descriptorBytes > blockBytes || blockBytes % descriptorBytes !== 0) {
    throw new NomountError("corrupt", `ext: superblock: group descriptors of ${descriptorBytes} bytes: expected 32 or 64`, {
      where: { label: source.label, offsetBytes: SUPERBLOCK_OFFSET_BYTES },
    });
  }
  const backups = new DataView(fields.backupGroups.buffer, fields.backupGroups.byteOffset, 8);
  const uuid = fields.uuid.slice();
  return {
    blockBytes,
    blockCount,
    firstDataBlock: fields.firstDataBlock,
    blocksPerGroup: fields.blocksPerGroup,
    clusterBlocks: superblock.clusterBytes / blockBytes,
    clustersPerGroup: bigalloc ? fields.clustersPerGroup : fields.blocksPerGroup,
    groupCount: Math.ceil((blockCount - fields.firstDataBlock) / fields.blocksPerGroup),
    inodesPerGroup: fields.inodesPerGroup,
    inodeBytes: superblock.inodeBytes,
    inodeCount: fields.inodeCount,
    firstFreeInode: superblock.firstFreeInode,
    descriptorBytes,
    firstMetaGroup: features.has("meta_bg") ? fields.firstMetaGroup : undefined,
    reservedDescriptorBlocks: fields.reservedGroupDescriptorBlocks,
    features,
    checksums: features.has("metadata_csum") ? "crc32c" : features.has("uninit_bg") ? "crc16" : undefined,
    checksumSeed: features.has("metadata_csum_seed") ? fields.checksumSeed : crc32c(uuid, 0xffffffff),
    uuid,
    backupGroups: [backups.getUint32(0, true), backups.getUint32(4, true)],
  };
}

export function superblockFields(source: BlockSource): ReturnType<typeof superblockLayout.view> {
  const bytes = new Uint8Array(superblockLayout.sizeBytes);
  source.readSync(bytes, SUPERBLOCK_OFFSET_BYTES);
  return superblockLayout.view(bytes);
}

/** Whether descriptors have their second half. */
export function hasHighHalf(geometry: Geometry): boolean {
  return geometry.descriptorBytes >= groupDescriptor.sizeBytes + groupDescriptorHigh.sizeBytes;
}

/** The first block of a group. */
export function groupStart(geometry: Geometry, group: number): number {
  return geometry.firstDataBlock + group * geometry.blocksPerGroup;
}

/** How many clusters the group really has: the last one may be short. */
export function clustersIn(geometry: Geometry, group: number): number {
  const blocks = Math.min(geometry.blocksPerGroup, geometry.blockCount - groupStart(geometry, group));
  return Math.ceil(blocks / geometry.clusterBlocks);
}

/** Whether a copy of the superblock lies at the group's start. */
export function hasSuperblockCopy(geometry: Geometry, group: number): boolean {
  if (group === 0) return true;
  if (geometry.features.has("sparse_super2")) return geometry.backupGroups.includes(group);
  if (group === 1 || !geometry.features.has("sparse_super")) return true;
  return [3, 5, 7].some((base) => {
    let power = base;
    while (power < group) power *= base;
    return power === group;
  });
}

/** Where a group's descriptor lies (kernel Documentation/filesystems/ext4/blockgroup.rst, "Meta Block Groups"). */
export function descriptorPlace(geometry: Geometry, group: number): number {
  const perBlock = geometry.blockBytes / geometry.descriptorBytes;
  const index = Math.floor(group / perBlock);
  return descriptorBlock(geometry, index) * geometry.blockBytes + (group % perBlock) * geometry.descriptorBytes;
}

function descriptorBlock(geometry: Geometry, index: number): number {
  const superblockBlock = Math.floor(SUPERBLOCK_OFFSET_BYTES / geometry.blockBytes);
  if (geometry.firstMetaGroup === undefined || index < geometry.firstMetaGroup) return superblockBlock + index + 1;
  const group = index * (geometry.blockBytes / geometry.descriptorBytes);
  // With 1 KiB blocks and data from block 0 on, the superblock of group 0 is in block 1.
  const shifted = geometry.blockBytes === 1024 && index === 0 && geometry.firstDataBlock === 0 ? 1 : 0;
  return groupStart(geometry, group) + (hasSuperblockCopy(geometry, group) ? 1 : 0) + shifted;
}
