import { blob, struct, u8, u16be, u16le, u32be, u32le, u64be, u64le } from "../../../bytes/layout.ts";

/** ext2/3/4, at byte 1024 and at the start of some block groups: the kernel's Documentation/filesystems/ext4/super.rst. */
export const extSuperblock = struct("ext superblock", {
  inodeCount: u32le(),
  blockCountLow: u32le(),
  skipped08: blob(12),
  /** 1 where blocks have 1 KiB (the superblock is in block 1), else 0. */
  firstDataBlock: u32le(),
  /** Block size is 1024 << this. */
  logBlockSize: u32le(),
  skipped1c: blob(4),
  blocksPerGroup: u32le(),
  skipped24: blob(4),
  inodesPerGroup: u32le(),
  skipped2c: blob(12),
  magic: u16le(),
  skipped3a: blob(18),
  revision: u32le(),
  skipped50: blob(8),
  inodeBytes: u16le(),
  /** The block group that this copy lies in. */
  blockGroup: u16le(),
  compatible: u32le(),
  incompatible: u32le(),
  readOnlyCompatible: u32le(),
  uuid: blob(16),
  label: blob(16),
  skipped88: blob(118),
  descriptorBytes: u16le(),
  skipped100: blob(80),
  blockCountHigh: u32le(),
});

/** The first of the group descriptors, in the block after the superblock: Documentation/filesystems/ext4/group_descr.rst. */
export const extGroupDescriptor = struct("ext group descriptor", {
  blockBitmap: u32le(),
  inodeBitmap: u32le(),
  inodeTableLow: u32le(),
});

/** XFS superblock, at byte 0 and at the start of each allocation group; "XFS Algorithms & Data Structures", chapter 13. */
export const xfsSuperblock = struct("XFS superblock", {
  magic: blob(4),
  blockBytes: u32be(),
  blockCount: u64be(),
  skipped10: blob(16),
  uuid: blob(16),
  skipped30: blob(36),
  groupBlocks: u32be(),
  groupCount: u32be(),
  skipped5c: blob(10),
  sectorBytes: u16be(),
  inodeBytes: u16be(),
  skipped6a: blob(2),
  label: blob(12),
});

/** Head of the free space header that follows an XFS superblock in the next sector; the same, chapter 13. */
export const xfsFreeSpace = struct("XFS AGF", {
  magic: blob(4),
  version: u32be(),
  /** The number of its allocation group. */
  sequence: u32be(),
});

/** Btrfs superblock, at 64 KiB, 64 MiB and 256 GiB: the kernel's include/uapi/linux/btrfs_tree.h, struct btrfs_super_block. */
export const btrfsSuperblock = struct("Btrfs superblock", {
  checksum: blob(32),
  uuid: blob(16),
  /** Where this copy lies in the filesystem's device. */
  offsetBytes: u64le(),
  flags: u64le(),
  magic: blob(8),
  skipped48: blob(40),
  totalBytes: u64le(),
  usedBytes: u64le(),
  rootDirectory: u64le(),
  deviceCount: u64le(),
  sectorBytes: u32le(),
  nodeBytes: u32le(),
  skipped98: blob(49),
  /** This device: id, size ... (struct btrfs_dev_item). */
  deviceId: u64le(),
  deviceBytes: u64le(),
  skippedD9: blob(82),
  label: blob(256),
});

/** F2FS superblock, at byte 1024: the kernel's include/linux/f2fs_fs.h, struct f2fs_super_block. */
export const f2fsSuperblock = struct("F2FS superblock", {
  magic: u32le(),
  major: u16le(),
  minor: u16le(),
  logSectorSize: u32le(),
  logSectorsPerBlock: u32le(),
  logBlockSize: u32le(),
  skipped14: blob(16),
  blockCount: u64le(),
  skipped2c: blob(64),
  uuid: blob(16),
  /** UTF-16 */
  label: blob(1024),
});

/** Squashfs 4 superblock, at byte 0: the kernel's fs/squashfs/squashfs_fs.h. */
export const squashfsSuperblock = struct("squashfs superblock", {
  magic: blob(4),
  inodeCount: u32le(),
  modified: u32le(),
  blockBytes: u32le(),
  fragments: u32le(),
  compression: u16le(),
  logBlockSize: u16le(),
  flags: u16le(),
  ids: u16le(),
  major: u16le(),
  minor: u16le(),
  root: u64le(),
  usedBytes: u64le(),
});

/** Swap area header, at byte 1024; the signature ends the first page. The kernel's include/linux/swap.h, union swap_header. */
export const swapHeader = struct("swap header", {
  version: u32le(),
  lastPage: u32le(),
  badPages: u32le(),
  uuid: blob(16),
  label: blob(16),
});

/** ZFS uberblock, in each label from 128 KiB on: "ZFS On-Disk Specification" (Sun, 2006), 1.3.2. Either byte order. */
export const zfsUberblock = struct("ZFS uberblock", {
  magic: u64le(),
  version: u64le(),
  transaction: u64le(),
});

/** One pair of the XDR name-value list in a ZFS label at 16 KiB: the same, 1.3.3. The name and its value follow. */
export const zfsPairHead = struct("ZFS name-value pair", {
  encodedBytes: u32be(),
  decodedBytes: u32be(),
  nameBytes: u32be(),
});

/** How the list itself begins: XDR (1), written by a little-endian machine or not, version 0, unique names (1). */
export const zfsListHead = struct("ZFS name-value list", {
  encoding: u8(),
  littleEndian: u8(),
  reserved: blob(2),
  version: u32be(),
  flags: u32be(),
});

/** The head of an inode: Documentation/filesystems/ext4/inodes.rst. */
export const extInode = struct("ext inode", {
  mode: u16le(),
  uid: u16le(),
  sizeLow: u32le(),
  times: blob(16),
  gid: u16le(),
  linkCount: u16le(),
});
