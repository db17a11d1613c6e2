import { blob, struct, u32le, u64le } from "../../../bytes/layout.ts";

// The metadata device of a thin pool: blocks of 4 KiB, each with a checksum; block 0 is the superblock. Documented by the kernel's
// Documentation/admin-guide/device-mapper/thin-provisioning.rst, drivers/md/dm-thin-metadata.c (struct thin_disk_superblock,
// struct disk_device_details). The trees in it are in ../persistent-data.

/** struct thin_disk_superblock. */
export const superblock = struct("thin pool superblock", {
  checksum: u32le(),
  flags: u32le(),
  blockNumber: u64le(),
  uuid: blob(16),
  magic: u64le(),
  version: u32le(),
  /** Counts snapshots: tells whether a block is shared. */
  time: u32le(),
  transactionId: u64le(),
  heldRoot: u64le(),
  dataSpaceMapRoot: blob(128),
  metadataSpaceMapRoot: blob(128),
  /** A tree of trees: device id to the root of its mapping, virtual block to data block. */
  dataMappingRoot: u64le(),
  deviceDetailsRoot: u64le(),
  /** In sectors. */
  dataBlockSize: u32le(),
  metadataBlockSize: u32le(),
  metadataBlocks: u64le(),
  compatFlags: u32le(),
  compatReadOnlyFlags: u32le(),
  incompatFlags: u32le(),
});
export const SUPERBLOCK_MAGIC = 27022010n;
export const SUPERBLOCK_CHECKSUM_XOR = 160774;
export const SUPERBLOCK_VERSIONS: readonly number[] = [1, 2];
/** THIN_METADATA_NEEDS_CHECK_FLAG: an error stopped the pool; thin_check has to look at it before it is written again. */
export const NEEDS_CHECK = 1;

/** struct disk_device_details. */
export const deviceDetails = struct("thin device details", {
  mappedBlocks: u64le(),
  transactionId: u64le(),
  creationTime: u32le(),
  snapshottedTime: u32le(),
});
