import type { BlockSource } from "../../source/block-source.ts";
import { BOOT_RECORD_BYTES, BOOT_SIGNATURE, biosParameterBlock, bootRecord, partitionEntry } from "./layout.ts";

/** An entry of a boot record with its slot, 0 to 3. */
export interface Entry {
  readonly slot: number;
  readonly bootIndicator: number;
  readonly type: number;
  readonly startLba: number;
  readonly sectorCount: number;
}

export interface BootRecord {
  readonly diskSignature: number;
  /** All four. Linux takes one without sectors for empty, whatever its type. */
  readonly entries: readonly Entry[];
}

const EXTENDED_TYPES: readonly number[] = [0x05, 0x0f, 0x85];

export function isExtended(entry: Entry): boolean {
  return EXTENDED_TYPES.includes(entry.type);
}

/** The boot record at a place, or undefined where none fits or 55aa is missing. */
export function readBootRecord(source: BlockSource, offsetBytes = 0): BootRecord | undefined {
  if (offsetBytes + BOOT_RECORD_BYTES > source.sizeBytes) return undefined;
  const sector = new Uint8Array(BOOT_RECORD_BYTES);
  source.readSync(sector, offsetBytes);
  return parseBootRecord(sector);
}

/** As `readBootRecord`, of bytes that were read already. */
export function parseBootRecord(sector: Uint8Array): BootRecord | undefined {
  const record = bootRecord.view(sector);
  if (record.signature !== BOOT_SIGNATURE) return undefined;
  const entries = [0, 1, 2, 3].map((slot) => {
    const { bootIndicator, type, startLba, sectorCount } = partitionEntry.view(record.entries, slot * partitionEntry.sizeBytes);
    return { slot, bootIndicator, type, startLba, sectorCount };
  });
  return { diskSignature: record.diskSignature, entries };
}

/**
 * The partition table in sector 0 of a disk, or undefined when the sector is something else that ends in 55aa: a boot sector
 * of a filesystem, or boot code that reaches over the table. As Linux and libblkid have it: every boot indicator is 0 or
 * 0x80; what looks like FAT, NTFS or exFAT is a table only when its entries describe partitions that lie on the disk.
 */
export function partitionTableIn(sector: Uint8Array, diskSectors: number): BootRecord | undefined {
  const record = parseBootRecord(sector);
  if (record === undefined || isAix(sector)) return undefined;
  if (record.entries.some(({ bootIndicator }) => bootIndicator !== 0 && bootIndicator !== ACTIVE)) return undefined;
  if (isFileSystemBootSector(sector) && !describesPartitions(record, diskSectors)) return undefined;
  return record;
}

export const ACTIVE = 0x80;

/** An AIX disk has an IPL record in place of an MBR: "IBMA" in EBCDIC. */
function isAix(sector: Uint8Array): boolean {
  return sector[0] === 0xc9 && sector[1] === 0xc2 && sector[2] === 0xd4 && sector[3] === 0xc1;
}

function isFileSystemBootSector(sector: Uint8Array): boolean {
  const { jump, oemName, bytesPerSector, sectorsPerCluster, reservedSectors, fatCount, media } =
    biosParameterBlock.view(sector);
  const oem = String.fromCharCode(...oemName);
  if (oem === "NTFS    " || oem === "EXFAT   ") return true;
  return (
    (jump[0] === 0xeb || jump[0] === 0xe9) &&
    isPowerOfTwo(bytesPerSector, 512, 4096) &&
    isPowerOfTwo(sectorsPerCluster, 1, 128) &&
    reservedSectors > 0 &&
    (fatCount === 1 || fatCount === 2) &&
    (media >= 0xf8 || media === 0xf0)
  );
}

/** Whether the entries are partitions of known type that lie one after the other on the disk. */
export function describesPartitions({ entries }: BootRecord, diskSectors: number): boolean {
  const used = entries.filter(({ sectorCount }) => sectorCount > 0).sort((a, b) => a.startLba - b.startLba);
  let endLba = 1;
  for (const { type, startLba, sectorCount } of used) {
    if (type === 0 || startLba < endLba || startLba + sectorCount > diskSectors) return false;
    endLba = startLba + sectorCount;
  }
  return used.length > 0;
}

function isPowerOfTwo(value: number, least: number, most: number): boolean {
  return value >= least && value <= most && (value & (value - 1)) === 0;
}
