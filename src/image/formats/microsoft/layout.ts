import { blob, s8, struct, u8, u16le, u32le, u64le } from "../../../bytes/layout.ts";

/** FAT12 and FAT16 boot sector: Microsoft, "FAT32 File System Specification" 1.03, "Boot Sector and BPB". */
export const fat16BootSector = struct("FAT boot sector", {
  jump: blob(3),
  oemName: blob(8),
  bytesPerSector: u16le(),
  sectorsPerCluster: u8(),
  reservedSectors: u16le(),
  fatCount: u8(),
  rootEntries: u16le(),
  sectorCount16: u16le(),
  media: u8(),
  sectorsPerFat16: u16le(),
  geometry: blob(8),
  sectorCount32: u32le(),
  drive: u8(),
  reserved: u8(),
  /** 0x28 or 0x29: serial number and so on follow. */
  extendedSignature: u8(),
  serial: u32le(),
  label: blob(11),
});

/** FAT32 boot sector, which differs from byte 36 on: the same. */
export const fat32BootSector = struct("FAT32 boot sector", {
  common: blob(36),
  sectorsPerFat32: u32le(),
  flags: u16le(),
  version: u16le(),
  rootCluster: u32le(),
  infoSector: u16le(),
  backupSector: u16le(),
  reserved: blob(12),
  drive: u8(),
  reserved1: u8(),
  extendedSignature: u8(),
  serial: u32le(),
  label: blob(11),
});

/** A directory entry of FAT; the volume's label is one: the same, "FAT Directory Structure". */
export const fatDirectoryEntry = struct("FAT directory entry", {
  name: blob(11),
  attributes: u8(),
  rest: blob(20),
});

/** exFAT main boot sector: Microsoft, "exFAT file system specification", section 3.1. */
export const exfatBootSector = struct("exFAT boot sector", {
  jump: blob(3),
  name: blob(8),
  zero: blob(53),
  partitionOffset: u64le(),
  sectorCount: u64le(),
  fatOffset: u32le(),
  fatSectors: u32le(),
  clusterHeapOffset: u32le(),
  clusterCount: u32le(),
  rootCluster: u32le(),
  serial: u32le(),
  revision: u16le(),
  flags: u16le(),
  bytesPerSectorShift: u8(),
  sectorsPerClusterShift: u8(),
});

/** exFAT volume label entry, one of the root directory's 32-byte entries: the same, section 7.3. */
export const exfatLabelEntry = struct("exFAT volume label", {
  type: u8(),
  characterCount: u8(),
  /** UTF-16 */
  label: blob(22),
  reserved: blob(8),
});

/** NTFS boot sector; a copy lies in the sector after the volume's last: flatcap's linux-ntfs, "$Boot". */
export const ntfsBootSector = struct("NTFS boot sector", {
  jump: blob(3),
  oemName: blob(8),
  bytesPerSector: u16le(),
  sectorsPerCluster: u8(),
  unused0e: blob(7),
  media: u8(),
  unused16: blob(18),
  /** Without the sector of the copy. */
  sectorCount: u64le(),
  mftCluster: u64le(),
  mirrorCluster: u64le(),
  clustersPerRecord: s8(),
  unused41: blob(7),
  serial: u64le(),
});

/** ReFS volume boot record: libyal/libfsrefs, "Resilient File System (ReFS)", section 3. */
export const refsBootSector = struct("ReFS boot sector", {
  jump: blob(3),
  name: blob(8),
  unknown0b: blob(5),
  /** "FSRS" */
  identifier: blob(4),
  headBytes: u16le(),
  checksum: u16le(),
  sectorCount: u64le(),
  bytesPerSector: u32le(),
  sectorsPerCluster: u32le(),
  major: u8(),
  minor: u8(),
});

/** BitLocker volume header: libyal/libbde, "BitLocker Drive Encryption (BDE) format", section 2. */
export const bitlockerHeader = struct("BitLocker volume header", {
  jump: blob(3),
  /** "-FVE-FS-", or on removable media "MSWIN4.1" with the identifier below. */
  signature: blob(8),
  skipped0b: blob(149),
  identifier: blob(16),
  skippedB0: blob(248),
  removableIdentifier: blob(16),
});

/** Private header of a Windows dynamic disk, at sector 6 of an MBR disk: the kernel's block/partitions/ldm.c. */
export const ldmPrivateHeader = struct("LDM private header", {
  magic: blob(8),
  skipped08: blob(40),
  diskId: blob(64),
  hostId: blob(64),
  groupId: blob(64),
  groupName: blob(31),
});
