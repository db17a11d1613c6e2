import { guidText } from "../../../bytes/guid.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { bytesAt, isPowerOfTwo, isText, type Recogniser, recognised, sizeOf, structAt, textUntilZero } from "../recognised.ts";
import { bitlockerHeader, ldmPrivateHeader, ntfsBootSector, refsBootSector } from "./layout.ts";

export type NtfsBootSector = ReturnType<typeof ntfsBootSector.view>;

export const ntfs: Recogniser = (source) => {
  const boot = ntfsBootAt(source, 0);
  if (boot === undefined) return undefined;
  return recognised("NTFS", {
    uuid: boot.serial.toString(16).toUpperCase().padStart(16, "0"),
    sizeBytes: sizeOf(boot.sectorCount + 1n, boot.bytesPerSector),
  });
};

/** The boot sector at a place, its sizes checked. */
export function ntfsBootAt(source: BlockSource, offsetBytes: number): NtfsBootSector | undefined {
  const boot = structAt(source, ntfsBootSector, offsetBytes);
  if (boot === undefined || !isText(boot.oemName, "NTFS    ")) return undefined;
  if (!isPowerOfTwo(boot.bytesPerSector, 256, 4096) || ntfsClusterBytes(boot) === undefined || boot.sectorCount === 0n)
    return undefined;
  return boot;
}

/** Sectors per cluster above 0x80 stand for a power of two: 0xf4 is 2^12 sectors (Windows 10 and later). */
export function ntfsClusterBytes({ bytesPerSector, sectorsPerCluster }: NtfsBootSector): number | undefined {
  const sectors = sectorsPerCluster > 0x80 ? 2 ** (0x100 - sectorsPerCluster) : sectorsPerCluster;
  const clusterBytes = sectors * bytesPerSector;
  return isPowerOfTwo(clusterBytes, bytesPerSector, 2 * 1024 * 1024) ? clusterBytes : undefined;
}

export const refs: Recogniser = (source) => {
  const boot = structAt(source, refsBootSector, 0);
  if (boot === undefined || !isText(boot.name, "ReFS\0\0\0\0")) return undefined;
  const known = isText(boot.identifier, "FSRS") ? { sizeBytes: sizeOf(boot.sectorCount, boot.bytesPerSector) } : {};
  return recognised(`ReFS ${boot.major}.${boot.minor}`, known);
};

/** "BitLocker To Go" keeps the look of FAT; this tells it. */
const BITLOCKER_TO_GO = "4967D63B-2E29-4AD8-8399-F6A339E3D001";

export const bitlocker: Recogniser = (source) => {
  const header = structAt(source, bitlockerHeader, 0);
  if (header === undefined) return undefined;
  if (!isText(header.signature, "-FVE-FS-") && guidText(header.removableIdentifier) !== BITLOCKER_TO_GO) return undefined;
  return recognised("BitLocker", {
    advice: "it is encrypted: unlock it with cryptsetup bitlkOpen --readonly or dislocker, and read what that makes",
  });
};

const LDM_ADVICE = "its volumes are not in the partition table; ldmtool lists them";

/** On an MBR disk at sector 6; on a GPT disk in the last sector of the LDM metadata partition. */
export const ldm: Recogniser = (source) => {
  const places = [6 * 512, source.sizeBytes - 512];
  for (const place of places) {
    const magic = bytesAt(source, place, 8);
    const header = magic !== undefined && isText(magic, "PRIVHEAD") ? structAt(source, ldmPrivateHeader, place) : undefined;
    if (header === undefined) continue;
    return recognised("Windows dynamic disk", {
      label: textUntilZero(header.groupName),
      uuid: textUntilZero(header.diskId),
      advice: LDM_ADVICE,
    });
  }
  return undefined;
};
