import { blob, struct, u16be, u32le, u64be, u64le } from "../../../bytes/layout.ts";

/** LUKS1 and the head of LUKS2, at byte 0: "LUKS1 On-Disk Format Specification" 1.2.3 and "LUKS2" 1.1.1, Milan Broz. */
export const luksHeader = struct("LUKS header", {
  magic: blob(6),
  version: u16be(),
  /** LUKS2 only. */
  headerBytes: u64be(),
  sequence: u64be(),
  /** LUKS2 only. */
  label: blob(48),
  skipped48: blob(96),
  /** As text. */
  uuid: blob(40),
});

/** LVM2 label, in one of the first four sectors: lib/label/label.h of LVM2. The text metadata behind it is not read here. */
export const lvmLabel = struct("LVM2 label", {
  id: blob(8),
  /** In which sector of the physical volume it lies. */
  sector: u64le(),
  /** From `headerOffset` to the end of the sector; LVM2's CRC starts at 0xf597a6cf. */
  crc: u32le(),
  headerOffset: u32le(),
  type: blob(8),
});

/** What follows at the label's offset: lib/format_text/layout.h, struct pv_header. */
export const lvmPhysicalVolume = struct("LVM2 PV header", {
  /** 32 characters. */
  uuid: blob(32),
  sizeBytes: u64le(),
});

/** bcache superblock, at byte 4096: the kernel's drivers/md/bcache/bcache_ondisk.h, struct cache_sb_disk. */
export const bcacheSuperblock = struct("bcache superblock", {
  checksum: u64le(),
  offset: u64le(),
  /** 0 and 3: a cache; 1 and 4: a backing device. */
  version: u64le(),
  magic: blob(16),
  uuid: blob(16),
  setUuid: blob(16),
  label: blob(32),
});
