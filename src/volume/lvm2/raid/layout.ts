import { s32le, struct, u32le, u64le } from "../../../bytes/layout.ts";

/**
 * struct dm_raid_superblock of the kernel's drivers/md/dm-raid.c: at the start of every metadata image ("_rmeta_0"). What follows
 * `stripeSectors` counts only where `compatFeatures` says so.
 */
export const raidSuperblock = struct("dm-raid superblock", {
  magic: u32le(),
  compatFeatures: u32le(),
  devices: u32le(),
  /** Which of them this is. */
  position: u32le(),
  /** Grows with every change of state: a device that was away has fewer. */
  events: u64le(),
  /** A bit for each device that has failed. */
  failedDevices: u64le(),
  /** In sectors of this device: what has been rebuilt. All ones: everything. */
  recoveryOffset: u64le(),
  /** In sectors of each device: up to where parity or mirrors have been made the same. All ones: everywhere. */
  resyncOffset: u64le(),
  level: s32le(),
  layout: u32le(),
  stripeSectors: u32le(),
  flags: u32le(),
  reshapePosition: u64le(),
  newLevel: s32le(),
  newLayout: u32le(),
  newStripeSectors: u32le(),
  deltaDevices: s32le(),
  arraySectors: u64le(),
  /** In sectors: where the data begins on the data image. */
  dataOffset: u64le(),
});
/** "DmRd". */
export const RAID_MAGIC = 0x64526d44;
/** FEATURE_FLAG_SUPPORTS_V190: the fields from `flags` on are there. */
export const HAS_EXTENSION = 1;
/** SB_FLAG_RESHAPE_ACTIVE. */
export const RESHAPE_ACTIVE = 1;
export const WHOLE = 0xffff_ffff_ffff_ffffn;
