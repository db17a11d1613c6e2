import { struct, u32le, u64le } from "../../../bytes/layout.ts";

// What thin pools and caches keep their metadata in: blocks of 4 KiB with checksums, B-trees of them, and arrays on B-trees. From
// the kernel's drivers/md/persistent-data (dm-btree-internal.h, dm-array.c).

export const METADATA_BLOCK_BYTES = 4096;

/** struct node_header; `maxEntries` keys of 64 bits follow, then as many values of `valueSize` bytes. */
export const nodeHeader = struct("B-tree node", {
  checksum: u32le(),
  flags: u32le(),
  blockNumber: u64le(),
  entries: u32le(),
  maxEntries: u32le(),
  valueSize: u32le(),
  padding: u32le(),
});
export const NODE_CHECKSUM_XOR = 121107;
export const INTERNAL_NODE = 1;
export const LEAF_NODE = 2;

/** struct array_block: a B-tree maps the numbers of such blocks to where they lie; values follow the header. */
export const arrayBlock = struct("array block", {
  checksum: u32le(),
  maxEntries: u32le(),
  entries: u32le(),
  valueSize: u32le(),
  blockNumber: u64le(),
});
export const ARRAY_CHECKSUM_XOR = 595846735;
