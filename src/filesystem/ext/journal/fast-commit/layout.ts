import { blob, struct, u16le, u32le } from "../../../../bytes/layout.ts";

/**
 * On-disk structures of fast commits, all little-endian: tagged values one after another in the journal's last blocks, none
 * across a block's end. Source: kernel Documentation/filesystems/ext4/journal.rst, "Fast commits", and what the kernel writes.
 */
export const recordHeader = struct("fast-commit record", {
  tag: u16le(),
  lengthBytes: u16le(),
});

export const tags = {
  addRange: 1,
  deleteRange: 2,
  create: 3,
  link: 4,
  unlink: 5,
  inode: 6,
  padding: 7,
  tail: 8,
  head: 9,
} as const;

/** The first record of the area: which transaction the fast commits follow. */
export const headRecord = struct("fast-commit head", {
  features: u32le(),
  sequence: u32le(),
});

/** Blocks that a file gained; `extent` is as in an extent tree. */
export const addRangeRecord = struct("fast-commit added range", {
  inode: u32le(),
  extent: blob(12),
});

export const deleteRangeRecord = struct("fast-commit deleted range", {
  inode: u32le(),
  logicalBlock: u32le(),
  blockCount: u32le(),
});

/** Of a name that was made, linked or removed; the name follows. */
export const nameRecord = struct("fast-commit name", {
  parentInode: u32le(),
  inode: u32le(),
});

/** The inode as in the table follows: its first 128 bytes and the fields after them, or all of it where it holds data. */
export const inodeRecord = struct("fast-commit inode", { inode: u32le() });

/** Ends a fast commit, which counts only with it. The checksum covers what precedes it since the last one. */
export const tailRecord = struct("fast-commit tail", {
  sequence: u32le(),
  checksum: u32le(),
});
