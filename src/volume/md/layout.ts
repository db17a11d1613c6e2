import { blob, s32le, struct, u8, u16le, u32le, u64le } from "../../bytes/layout.ts";

export const MD_MAGIC = 0xa92b4efc;

/**
 * Superblock 0.90, in the last 64 KiB but one of a member: the kernel's include/uapi/linux/raid/md_p.h, struct mdp_superblock_s, in
 * the byte order of the machine. 27 descriptors of devices follow from `DEVICES_AT` on, and that of this device at `THIS_DEVICE_AT`.
 */
export const mdSuperblock0 = struct("md 0.90 superblock", {
  magic: u32le(),
  major: u32le(),
  /** 90; 91 while the array is being reshaped. */
  minor: u32le(),
  patch: u32le(),
  validWords: u32le(),
  uuid0: u32le(),
  created: u32le(),
  level: s32le(),
  /** What is used of each device, in KiB. */
  sizeKiB: u32le(),
  deviceCount: u32le(),
  raidDisks: u32le(),
  minorNumber: u32le(),
  notPersistent: u32le(),
  uuid1: u32le(),
  uuid2: u32le(),
  uuid3: u32le(),
  reserved40: blob(64),
  updated: u32le(),
  state: u32le(),
  activeDisks: u32le(),
  workingDisks: u32le(),
  failedDisks: u32le(),
  spareDisks: u32le(),
  checksum: u32le(),
  eventsLow: u32le(),
  eventsHigh: u32le(),
  resyncEventsLow: u32le(),
  resyncEventsHigh: u32le(),
  /** In sectors of each device: up to where a resync had come, if `events` and `resyncEvents` are the same. */
  resyncSectors: u32le(),
  reservedb0: blob(80),
  layout: u32le(),
  chunkBytes: u32le(),
});
export const SUPERBLOCK_0_BYTES = 4096;
export const STATE_CLEAN = 1 << 0;
export const STATE_BITMAP = 1 << 8;
/** Behind the superblock, where the state says that there is one. */
export const BITMAP_0_SECTORS = 8;

/** struct mdp_device_descriptor_s. */
export const mdDevice0 = struct("md 0.90 device", {
  number: u32le(),
  major: u32le(),
  minor: u32le(),
  position: u32le(),
  state: u32le(),
  reserved14: blob(108),
});
export const DEVICES_AT = 512;
export const DEVICE_SLOTS = 27;
export const THIS_DEVICE_AT = 3968;
export const DEVICE_FAULTY = 1 << 0;
export const DEVICE_ACTIVE = 1 << 1;
export const DEVICE_SYNC = 1 << 2;

/**
 * Superblock 1.x, near the end of a member (1.0), at byte 0 (1.1) or at 4096 (1.2): md_p.h, struct mdp_superblock_1. The roles of
 * `roleCount` devices follow, 16 bits each. Sectors have 512 bytes.
 */
export const mdSuperblock1 = struct("md 1 superblock", {
  magic: u32le(),
  major: u32le(),
  features: u32le(),
  reserved0c: blob(4),
  uuid: blob(16),
  /** "host:name". */
  name: blob(32),
  created: u64le(),
  level: s32le(),
  layout: u32le(),
  /** What is used of each device, where that is the same for all. */
  sizeSectors: u64le(),
  chunkSectors: u32le(),
  raidDisks: u32le(),
  /** From the superblock; may be negative. */
  bitmapOffsetSectors: s32le(),
  newLevel: s32le(),
  reshapePosition: u64le(),
  deltaDisks: s32le(),
  newLayout: u32le(),
  newChunkSectors: u32le(),
  newOffset: s32le(),
  dataOffsetSectors: u64le(),
  dataSectors: u64le(),
  /** Where it lies itself. */
  superOffsetSectors: u64le(),
  /** With `RECOVERING`: how much of this device has been rebuilt. */
  recoveredSectors: u64le(),
  /** This device in the table of roles. */
  deviceNumber: u32le(),
  correctedReads: u32le(),
  deviceUuid: blob(16),
  deviceFlags: u8(),
  badBlockShift: u8(),
  badBlockSectors: u16le(),
  badBlockOffsetSectors: s32le(),
  updated: u64le(),
  events: u64le(),
  /** Up to where the array is known to be consistent: all ones when it is as a whole, 0 while it is being written. */
  resyncSectors: u64le(),
  checksum: u32le(),
  roleCount: u32le(),
  reservede0: blob(32),
});
export const WHOLE = 0xffff_ffff_ffff_ffffn;
/** The kernel's limit on the devices of an array is that of the block of the superblock. */
export const MAX_ROLES = (4096 - mdSuperblock1.sizeBytes) / 2;
export const ROLE_SPARE = 0xffff;
export const ROLE_FAULTY = 0xfffe;
export const ROLE_JOURNAL = 0xfffd;

/** Bits of `features`. */
export const FEATURE_BITMAP = 1;
export const FEATURE_RECOVERING = 2;
export const FEATURE_RESHAPING = 4;
export const FEATURE_BAD_BLOCKS = 8;
export const FEATURE_REPLACEMENT = 16;
export const FEATURE_JOURNAL = 512;
/** `layout` tells of a raid0 how its zones are striped. */
export const FEATURE_RAID0_LAYOUT = 4096;

/** drivers/md/md-bitmap.h, struct bitmap_super_s, before the bits of a write-intent bitmap: one for each `chunkBytes` of a device. */
export const bitmapHeader = struct("md bitmap", {
  magic: u32le(),
  version: u32le(),
  uuid: blob(16),
  /** Of the array when it was last written: an older bitmap says nothing. */
  events: u64le(),
  eventsCleared: u64le(),
  syncSectors: u64le(),
  state: u32le(),
  chunkBytes: u32le(),
});
/** "bitm". */
export const BITMAP_MAGIC = 0x6d746962;
export const BITMAP_BITS_AT = 256;
