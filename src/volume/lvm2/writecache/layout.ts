import { blob, struct, u32le, u64le } from "../../../bytes/layout.ts";

/** struct wc_memory_superblock of the kernel's drivers/md/dm-writecache.c; `blocks` entries follow, then, on a block, the data. */
export const writecacheSuperblock = struct("dm-writecache superblock", {
  magic: u32le(),
  version: u32le(),
  blockSize: u32le(),
  padding: u32le(),
  blocks: u64le(),
  /** Entries with fewer are committed. */
  sequence: u64le(),
  reserved: blob(32),
});
export const WRITECACHE_MAGIC = 0x23489321;
export const WRITECACHE_VERSION = 1;

/** struct wc_memory_entry: which sector of the origin the block holds. */
export const writecacheEntry = struct("dm-writecache entry", { originalSector: u64le(), sequence: u64le() });
