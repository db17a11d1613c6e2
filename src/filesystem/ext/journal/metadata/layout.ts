import { struct, u8, u16le, u32le } from "../../../../bytes/layout.ts";

/** Kernel Documentation/filesystems/ext4/group_descr.rst. The second half is there with descriptors of 64 bytes only. */
export const groupDescriptor = struct("group descriptor", {
  blockBitmapLow: u32le(),
  inodeBitmapLow: u32le(),
  inodeTableLow: u32le(),
  freeClustersLow: u16le(),
  freeInodesLow: u16le(),
  directoriesLow: u16le(),
  flags: u16le(),
  excludeBitmapLow: u32le(),
  blockBitmapChecksumLow: u16le(),
  inodeBitmapChecksumLow: u16le(),
  /** Inodes at the table's end that were never used. */
  unusedInodesLow: u16le(),
  checksum: u16le(),
});

export const groupDescriptorHigh = struct("group descriptor, upper half", {
  blockBitmapHigh: u32le(),
  inodeBitmapHigh: u32le(),
  inodeTableHigh: u32le(),
  freeClustersHigh: u16le(),
  freeInodesHigh: u16le(),
  directoriesHigh: u16le(),
  unusedInodesHigh: u16le(),
  excludeBitmapHigh: u32le(),
  blockBitmapChecksumHigh: u16le(),
  inodeBitmapChecksumHigh: u16le(),
  reserved: u32le(),
});

export const groupFlags = {
  inodesUninitialised: 0x1,
  blocksUninitialised: 0x2,
} as const;

/** Kernel Documentation/filesystems/ext4/ifork.rst, "Extent Tree": the head of every node. */
export const extentHeader = struct("extent header", {
  magic: u16le(),
  entryCount: u16le(),
  maxEntries: u16le(),
  /** 0: the entries are extents. */
  depth: u16le(),
  generation: u32le(),
});

export const EXTENT_MAGIC = 0xf30a;

/** Linux allows no deeper trees (EXT4_MAX_EXTENT_DEPTH). */
export const MAX_EXTENT_DEPTH = 5;

export const extentLayout = struct("extent", {
  logicalBlock: u32le(),
  /** Above 32768: unwritten, and 32768 more than the length. */
  length: u16le(),
  physicalHigh: u16le(),
  physicalLow: u32le(),
});

export const MAX_EXTENT_BLOCKS = 0x8000;

export const extentIndex = struct("extent index", {
  logicalBlock: u32le(),
  childLow: u32le(),
  childHigh: u16le(),
  unused: u16le(),
});

/** Kernel Documentation/filesystems/ext4/directory.rst, "Linear (Classic) Directories"; the name follows. */
export const directoryEntry = struct("directory entry", {
  inode: u32le(),
  /** To the next entry. With blocks of 64 KiB, 0xffff and 0 stand for 65536. */
  recordBytes: u16le(),
  nameBytes: u8(),
  /** With the feature filetype; else the upper half of the name's length, always 0. */
  fileType: u8(),
});

/** Ends a directory's block where metadata has checksums; looks like an unused entry. */
export const directoryTail = struct("directory block tail", {
  zeroInode: u32le(),
  recordBytes: u16le(),
  zeroNameBytes: u8(),
  /** 0xde */
  fileType: u8(),
  checksum: u32le(),
});

export const DIRECTORY_TAIL_TYPE = 0xde;

/** Kernel Documentation/filesystems/ext4/attributes.rst, "ext4_xattr_header": the head of an attribute block. */
export const xattrBlockHeader = struct("extended attribute block", {
  magic: u32le(),
  /** How many inodes share the block. */
  referenceCount: u32le(),
  blocks: u32le(),
  hash: u32le(),
  checksum: u32le(),
});

/** Of a block of attributes and of those in an inode. */
export const XATTR_MAGIC = 0xea020000;

/** "ext4_xattr_entry"; the name follows. Values lie anywhere behind, counted from the first entry in an inode. */
export const xattrEntry = struct("extended attribute entry", {
  nameBytes: u8(),
  nameIndex: u8(),
  valueOffset: u16le(),
  valueInode: u32le(),
  valueBytes: u32le(),
  hash: u32le(),
});

/** Kernel Documentation/filesystems/ext4/orphan.rst: the end of each block of the orphan file; before it lie inode numbers. */
export const orphanBlockTail = struct("orphan file block tail", {
  magic: u32le(),
  checksum: u32le(),
});

export const ORPHAN_MAGIC = 0x0b10ca04;
