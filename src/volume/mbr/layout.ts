import { blob, struct, u8, u16le, u32le } from "../../bytes/layout.ts";

/**
 * Sector 0 of a disk, and of each extended partition (an EBR, extended boot record). No standard describes it: UEFI 2.10,
 * section 5.2.1 gives the table, Linux's block/partitions/msdos.c how it is read. Always 512 bytes, whatever the sector.
 */
export const bootRecord = struct("MBR", {
  bootCode: blob(440),
  /** Random; PARTUUIDs are made of it. Windows NT 4 and later, Linux. */
  diskSignature: u32le(),
  /** 0x5a5a where the disk is read-only to Windows. */
  reserved: u16le(),
  entries: blob(64),
  signature: u16le(),
});

/** One of the four entries. */
export const partitionEntry = struct("MBR partition entry", {
  /** 0x80 is active; anything but that and 0 shows that this is no partition table. */
  bootIndicator: u8(),
  /** Cylinder, head and sector are not used: disks have outgrown them. */
  firstChs: blob(3),
  type: u8(),
  lastChs: blob(3),
  /** In sectors of the disk. From the start of the disk; in an EBR from the EBR (data) or the extended partition (links). */
  startLba: u32le(),
  sectorCount: u32le(),
});

/** The head of a boot sector of FAT, NTFS or exFAT, which ends in 55aa as an MBR does. Microsoft, "FAT32 File System Specification", 1.03. */
export const biosParameterBlock = struct("BIOS parameter block", {
  jump: blob(3),
  /** "MSDOS5.0", "mkfs.fat", "NTFS    ", "EXFAT   " */
  oemName: blob(8),
  bytesPerSector: u16le(),
  sectorsPerCluster: u8(),
  reservedSectors: u16le(),
  /** How many FATs; 0 on NTFS. */
  fatCount: u8(),
  rootEntries: u16le(),
  sectorCount16: u16le(),
  media: u8(),
});

export const BOOT_SIGNATURE = 0xaa55;
export const BOOT_RECORD_BYTES = 512;
