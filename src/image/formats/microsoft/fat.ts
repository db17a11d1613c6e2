import { nameFromUtf16le } from "../../../bytes/names.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { bytesAt, isPowerOfTwo, isText, type Recogniser, recognised, structAt } from "../recognised.ts";
import { exfatBootSector, exfatLabelEntry, fat16BootSector, fat32BootSector, fatDirectoryEntry } from "./layout.ts";

/** Only the first cluster of a directory is searched for the label: it is the first entry as a rule. */
const ROOT_BYTES_AT_MOST = 64 * 1024;

/** By the number of clusters, as the specification wants it: nothing else tells FAT12 from FAT16. */
const FAT12_CLUSTERS_BELOW = 4085;
const FAT16_CLUSTERS_BELOW = 65525;

export const fat: Recogniser = (source) => {
  const boot = structAt(source, fat16BootSector, 0);
  const boot32 = structAt(source, fat32BootSector, 0);
  if (boot === undefined || boot32 === undefined || !isBootSector(boot)) return undefined;
  const { bytesPerSector, reservedSectors, rootEntries } = boot;
  const isFat32 = boot.sectorsPerFat16 === 0;
  const sectorCount = boot.sectorCount16 === 0 ? boot.sectorCount32 : boot.sectorCount16;
  const fatSectors = boot.fatCount * (isFat32 ? boot32.sectorsPerFat32 : boot.sectorsPerFat16);
  const rootSectors = Math.ceil((rootEntries * 32) / bytesPerSector);
  const dataSector = reservedSectors + fatSectors + rootSectors;
  const clusters = Math.floor((sectorCount - dataSector) / boot.sectorsPerCluster);
  if (fatSectors === 0 || clusters <= 0 || !fatBegins(source, reservedSectors * bytesPerSector, boot.media)) return undefined;
  const clusterBytes = boot.sectorsPerCluster * bytesPerSector;
  const root = isFat32
    ? bytesAt(
        source,
        dataSector * bytesPerSector + (boot32.rootCluster - 2) * clusterBytes,
        Math.min(clusterBytes, ROOT_BYTES_AT_MOST),
      )
    : bytesAt(source, (reservedSectors + fatSectors) * bytesPerSector, Math.min(rootEntries * 32, ROOT_BYTES_AT_MOST));
  const { extendedSignature, serial, label } = isFat32 ? boot32 : boot;
  const hasSerial = extendedSignature === 0x28 || extendedSignature === 0x29;
  const format = isFat32
    ? "FAT32"
    : clusters < FAT12_CLUSTERS_BELOW
      ? "FAT12"
      : clusters < FAT16_CLUSTERS_BELOW
        ? "FAT16"
        : "FAT32";
  return recognised(format, {
    label:
      (root === undefined ? undefined : labelEntry(root)) ?? bootLabel(extendedSignature === 0x29 ? label : new Uint8Array()),
    uuid: hasSerial ? serialText(serial) : undefined,
    sizeBytes: sectorCount * bytesPerSector,
  });
};

export const exfat: Recogniser = (source) => {
  const boot = structAt(source, exfatBootSector, 0);
  if (boot === undefined || !isText(boot.name, "EXFAT   ")) return undefined;
  const { bytesPerSectorShift, sectorsPerClusterShift, fatOffset, clusterHeapOffset, rootCluster } = boot;
  if (bytesPerSectorShift < 9 || bytesPerSectorShift > 12 || sectorsPerClusterShift > 25 - bytesPerSectorShift)
    return undefined;
  const sectorBytes = 1 << bytesPerSectorShift;
  if (!fatBegins(source, fatOffset * sectorBytes, 0xf8)) return undefined;
  const clusterBytes = sectorBytes << sectorsPerClusterShift;
  const rootByte = clusterHeapOffset * sectorBytes + (rootCluster - 2) * clusterBytes;
  const root = bytesAt(source, rootByte, Math.min(clusterBytes, ROOT_BYTES_AT_MOST));
  return recognised("exFAT", {
    label: root === undefined ? "" : exfatLabel(root),
    uuid: serialText(boot.serial),
    sizeBytes: Number(boot.sectorCount) * sectorBytes,
  });
};

function isBootSector(boot: ReturnType<typeof fat16BootSector.view>): boolean {
  return (
    isPowerOfTwo(boot.bytesPerSector, 512, 4096) &&
    isPowerOfTwo(boot.sectorsPerCluster, 1, 128) &&
    boot.reservedSectors > 0 &&
    (boot.fatCount === 1 || boot.fatCount === 2) &&
    (boot.media >= 0xf8 || boot.media === 0xf0)
  );
}

/** The first entry of a FAT repeats the media byte, with ones above it. */
function fatBegins(source: BlockSource, offsetBytes: number, media: number): boolean {
  const first = bytesAt(source, offsetBytes, 2);
  return first !== undefined && first[0] === media && first[1] === 0xff;
}

function serialText(serial: number): string {
  const digits = serial.toString(16).toUpperCase().padStart(8, "0");
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}

const DELETED = 0xe5;
const VOLUME_LABEL = 0x08;
const LONG_NAME = 0x0f;

function labelEntry(root: Uint8Array): string | undefined {
  for (let at = 0; at + fatDirectoryEntry.sizeBytes <= root.length; at += fatDirectoryEntry.sizeBytes) {
    const { name, attributes } = fatDirectoryEntry.view(root, at);
    if (name[0] === 0) return undefined;
    if (name[0] === DELETED || attributes === LONG_NAME || (attributes & (VOLUME_LABEL | 0x10)) !== VOLUME_LABEL) continue;
    return oemText(name);
  }
  return undefined;
}

function bootLabel(label: Uint8Array): string {
  const text = oemText(label);
  return text === "NO NAME" ? "" : text;
}

/** In the machine's own code page, which nothing tells: above ASCII the bytes are shown as Latin-1. */
function oemText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes).trimEnd();
}

const EXFAT_LABEL = 0x83;

function exfatLabel(root: Uint8Array): string {
  for (let at = 0; at + exfatLabelEntry.sizeBytes <= root.length && root[at] !== 0; at += exfatLabelEntry.sizeBytes) {
    const { type, characterCount, label } = exfatLabelEntry.view(root, at);
    if (type === EXFAT_LABEL) return nameFromUtf16le(label.subarray(0, Math.min(characterCount * 2, label.length)));
  }
  return "";
}
