import { struct, u32le, u64le } from "../../../bytes/layout.ts";

// The store of a persistent device-mapper snapshot is described at the top of the kernel's drivers/md/dm-snap-persistent.c:
// chunk 0 is the header; then areas, each one chunk of exceptions followed by the chunks that these exceptions use.

/** struct disk_header. */
export const storeHeader = struct("snapshot header", {
  magic: u32le(),
  /** 0 once the store overflowed, or an error made it worthless. */
  valid: u32le(),
  version: u32le(),
  /** In sectors. */
  chunkSize: u32le(),
});
/** "SnAp". */
export const STORE_MAGIC = 0x70416e53;
export const STORE_VERSION = 1;

/** struct disk_exception: this chunk of the origin is found in that chunk of the store. A new chunk of 0 ends the list. */
export const exception = struct("snapshot exception", { oldChunk: u64le(), newChunk: u64le() });
