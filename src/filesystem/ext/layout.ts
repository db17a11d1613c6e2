import { blob, struct, u8, u16le, u32le, u64le } from "../../bytes/layout.ts";

/** Where the superblock lies in the volume, whatever the block size. */
export const SUPERBLOCK_OFFSET_BYTES = 1024;

/** Linux, Documentation/filesystems/ext4/super.rst. Values of 64 bits are often in two halves, far apart. */
export const superblockLayout = struct("superblock", {
  inodeCount: u32le(),
  blockCountLow: u32le(),
  reservedBlockCountLow: u32le(),
  freeBlockCountLow: u32le(),
  freeInodeCount: u32le(),
  /** 1 with blocks of 1 KiB (block 0 is the boot block) unless clusters are larger, else 0. */
  firstDataBlock: u32le(),
  /** Block size is 1024 << this. */
  blockSizeLog: u32le(),
  clusterSizeLog: u32le(),
  blocksPerGroup: u32le(),
  clustersPerGroup: u32le(),
  inodesPerGroup: u32le(),
  mountedAt: u32le(),
  writtenAt: u32le(),
  mountCount: u16le(),
  maxMountCount: u16le(),
  /** 0xef53 */
  magic: u16le(),
  /** 1: cleanly unmounted; 2: errors were found; 4: orphans are being recovered. */
  state: u16le(),
  onErrors: u16le(),
  minorRevision: u16le(),
  checkedAt: u32le(),
  checkIntervalSeconds: u32le(),
  creatorOs: u32le(),
  /** 0: no features, inodes of 128 bytes; 1: what follows is there. */
  revision: u32le(),
  reservedUid: u16le(),
  reservedGid: u16le(),
  firstFreeInode: u32le(),
  inodeBytes: u16le(),
  /** Which group this copy lies in; 0 in the primary one. */
  groupNumber: u16le(),
  compatibleFeatures: u32le(),
  incompatibleFeatures: u32le(),
  readOnlyFeatures: u32le(),
  uuid: blob(16),
  label: blob(16),
  lastMountedOn: blob(64),
  compressionAlgorithms: u32le(),
  preallocatedBlocks: u8(),
  preallocatedDirectoryBlocks: u8(),
  reservedGroupDescriptorBlocks: u16le(),
  journalUuid: blob(16),
  journalInode: u32le(),
  journalDevice: u32le(),
  /** Head of the list of inodes to delete. */
  lastOrphan: u32le(),
  hashSeed: blob(16),
  defaultHashVersion: u8(),
  journalBackupType: u8(),
  groupDescriptorBytes: u16le(),
  defaultMountOptions: u32le(),
  firstMetaGroup: u32le(),
  createdAt: u32le(),
  journalBackup: blob(68),
  blockCountHigh: u32le(),
  reservedBlockCountHigh: u32le(),
  freeBlockCountHigh: u32le(),
  minExtraInodeBytes: u16le(),
  wantedExtraInodeBytes: u16le(),
  /** 1: hash of signed characters; 2: of unsigned ones; 4: a test filesystem. */
  flags: u32le(),
  raidStride: u16le(),
  mmpIntervalSeconds: u16le(),
  mmpBlock: u64le(),
  raidStripeWidth: u32le(),
  groupsPerFlexLog: u8(),
  /** 1: CRC-32C. */
  checksumType: u8(),
  encryptionLevel: u8(),
  reservedPad: u8(),
  writtenKibibytes: u64le(),
  snapshotInode: u32le(),
  snapshotId: u32le(),
  snapshotReservedBlocks: u64le(),
  snapshotList: u32le(),
  errorCount: u32le(),
  firstErrorAt: u32le(),
  firstErrorInode: u32le(),
  firstErrorBlock: u64le(),
  firstErrorFunction: blob(32),
  firstErrorLine: u32le(),
  lastErrorAt: u32le(),
  lastErrorInode: u32le(),
  lastErrorLine: u32le(),
  lastErrorBlock: u64le(),
  lastErrorFunction: blob(32),
  mountOptions: blob(64),
  userQuotaInode: u32le(),
  groupQuotaInode: u32le(),
  overheadBlocks: u32le(),
  backupGroups: blob(8),
  encryptionAlgorithms: blob(4),
  encryptionSalt: blob(16),
  lostAndFoundInode: u32le(),
  projectQuotaInode: u32le(),
  checksumSeed: u32le(),
  writtenAtHigh: u8(),
  mountedAtHigh: u8(),
  createdAtHigh: u8(),
  checkedAtHigh: u8(),
  firstErrorAtHigh: u8(),
  lastErrorAtHigh: u8(),
  firstErrorCode: u8(),
  lastErrorCode: u8(),
  /** 1: Unicode 12.1.0. */
  encoding: u16le(),
  encodingFlags: u16le(),
  orphanFileInode: u32le(),
  reserved: blob(376),
  checksum: u32le(),
});

/** Linux, Documentation/filesystems/ext4/inodes.rst. The first 128 bytes, which every inode has. */
export const inodeLayout = struct("inode", {
  mode: u16le(),
  uidLow: u16le(),
  sizeLow: u32le(),
  /** All four times: seconds, signed. */
  accessedAt: u32le(),
  changedAt: u32le(),
  modifiedAt: u32le(),
  /** Or the next orphan. */
  deletedAt: u32le(),
  gidLow: u16le(),
  linkCount: u16le(),
  /** Of 512 bytes, or with the flag huge_file of a block each. */
  blockCountLow: u32le(),
  flags: u32le(),
  version: u32le(),
  /** The mapping; or a device number, a symlink's target, the file itself. */
  block: blob(60),
  generation: u32le(),
  xattrBlockLow: u32le(),
  /** Of a directory only with large_dir; else it once held a block of ACLs. */
  sizeHigh: u32le(),
  fragmentBlock: u32le(),
  blockCountHigh: u16le(),
  xattrBlockHigh: u16le(),
  uidHigh: u16le(),
  gidHigh: u16le(),
  checksumLow: u16le(),
  reserved: u16le(),
});

/**
 * What follows in inodes that are larger. `extraBytes` says how far it goes: a field counts only if it lies wholly within,
 * since an older kernel put extended attributes right after the fields that it knew.
 */
export const inodeExtraLayout = struct("inode extension", {
  extraBytes: u16le(),
  checksumHigh: u16le(),
  /** Each of these: two bits of seconds above the 32, then 30 bits of nanoseconds. */
  changedAtExtra: u32le(),
  modifiedAtExtra: u32le(),
  accessedAtExtra: u32le(),
  createdAt: u32le(),
  createdAtExtra: u32le(),
  versionHigh: u32le(),
  projectId: u32le(),
});
