import { blob, struct, u32le, u64le } from "../../../bytes/layout.ts";

/** struct cache_disk_superblock of the kernel's drivers/md/dm-cache-metadata.c: block 0 of a cache's metadata. */
export const cacheSuperblock = struct("dm-cache superblock", {
  checksum: u32le(),
  flags: u32le(),
  blockNumber: u64le(),
  uuid: blob(16),
  magic: u64le(),
  version: u32le(),
  policyName: blob(16),
  policyHintSize: u32le(),
  metadataSpaceMapRoot: blob(128),
  /** An array with a value for each block of the cache. */
  mappingRoot: u64le(),
  hintRoot: u64le(),
  discardRoot: u64le(),
  discardBlockSize: u64le(),
  discardBlocks: u64le(),
  /** In sectors. */
  dataBlockSize: u32le(),
  metadataBlockSize: u32le(),
  cacheBlocks: u32le(),
  compatFlags: u32le(),
  compatReadOnlyFlags: u32le(),
  incompatFlags: u32le(),
});
/** Written as 06142003 in C, which is octal. */
export const CACHE_MAGIC = 0o6142003n;
export const CACHE_CHECKSUM_XOR = 9031977;
export const CACHE_VERSIONS: readonly number[] = [1, 2];
/** A mapping's value is the block of the origin shifted left by 16, with this flag where the cache holds it. */
export const MAPPING_VALID = 1;
