import type { BlockSource } from "../../source/block-source.ts";
import { SliceSource } from "../../source/slice.ts";
import { exfat, fat } from "../formats/microsoft/fat.ts";
import { ntfs, ntfsBootAt, ntfsClusterBytes } from "../formats/microsoft/windows.ts";
import { bytesAt, isText, type Recogniser } from "../formats/recognised.ts";
import { type Detector, type Finding, finding } from "./finding.ts";
import { withHeadFrom } from "./with-head-from.ts";

/** A boot sector whose $MFT is where it says: at the start, or in the sector behind the volume, where the copy lies. */
export const ntfsDetector: Detector = (source, atBytes) => {
  const boot = ntfsBootAt(source, atBytes);
  const clusterBytes = boot === undefined ? undefined : ntfsClusterBytes(boot);
  if (boot === undefined || clusterBytes === undefined) return undefined;
  const mftByte = Number(boot.mftCluster) * clusterBytes;
  const volumeBytes = Number(boot.sectorCount) * boot.bytesPerSector;
  for (const start of [atBytes, atBytes - volumeBytes]) {
    const magic = bytesAt(source, start + mftByte, 4);
    if (magic !== undefined && isText(magic, "FILE")) return bootSector(source, start, atBytes, ntfs);
  }
  return undefined;
};

/** FAT32 keeps a copy of its boot sector in sector 6, exFAT in sector 12; which one it is shows where the FAT begins. */
export const fatDetector: Detector = (source, atBytes) =>
  bootSector(source, atBytes, atBytes, fat) ?? bootSector(source, atBytes - 6 * 512, atBytes, fat);

export const exfatDetector: Detector = (source, atBytes) =>
  bootSector(source, atBytes, atBytes, exfat) ?? bootSector(source, atBytes - 12 * 512, atBytes, exfat);

/** What begins at `start`, by the boot sector or its copy at `atBytes`. */
function bootSector(source: BlockSource, start: number, atBytes: number, recogniser: Recogniser): Finding | undefined {
  if (start < 0) return undefined;
  const whole =
    start === atBytes
      ? new SliceSource(source, start, source.sizeBytes - start, source.label)
      : withHeadFrom(source, start, atBytes, 512);
  const known = recogniser(whole);
  const notes = start === atBytes ? [] : [`its boot sector is lost; found by the copy at byte ${atBytes}`];
  return known === undefined ? undefined : finding(source, start, known, notes);
}
