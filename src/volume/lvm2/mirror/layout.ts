import { struct, u32le, u64le } from "../../../bytes/layout.ts";

/**
 * struct log_header_disk of the kernel's drivers/md/dm-log.c, at the start of a mirror's log ("_mlog"); behind it, from byte 1024
 * on, one bit for each region, set where all legs are the same.
 */
export const mirrorLog = struct("mirror log", { magic: u32le(), version: u32le(), regions: u64le() });
/** "MiRr". */
export const MIRROR_LOG_MAGIC = 0x4d695272;
export const MIRROR_LOG_VERSION = 2;
export const MIRROR_LOG_BITS_BYTES = 1024;
