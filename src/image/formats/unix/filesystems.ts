import { uuidText } from "../../../bytes/guid.ts";
import { nameFromUtf16le } from "../../../bytes/names.ts";
import { bytesAt, isPowerOfTwo, isText, type Recogniser, recognised, sizeOf, structAt, textUntilZero } from "../recognised.ts";
import { btrfsSuperblock, f2fsSuperblock, squashfsSuperblock, swapHeader, xfsSuperblock } from "./layout.ts";

export const xfs: Recogniser = (source) => {
  const superblock = structAt(source, xfsSuperblock, 0);
  if (superblock === undefined || !isText(superblock.magic, "XFSB")) return undefined;
  if (!isPowerOfTwo(superblock.blockBytes, 512, 65536) || superblock.groupCount === 0) return undefined;
  return recognised("XFS", {
    label: textUntilZero(superblock.label),
    uuid: uuidText(superblock.uuid),
    sizeBytes: sizeOf(superblock.blockCount, superblock.blockBytes),
  });
};

export const BTRFS_SUPERBLOCK_BYTE = 65536;

export const btrfs: Recogniser = (source) => {
  const superblock = structAt(source, btrfsSuperblock, BTRFS_SUPERBLOCK_BYTE);
  if (superblock === undefined || !isText(superblock.magic, "_BHRfS_M")) return undefined;
  return recognised("Btrfs", {
    label: textUntilZero(superblock.label),
    uuid: uuidText(superblock.uuid),
    sizeBytes: sizeOf(superblock.deviceBytes, 1),
    advice: superblock.deviceCount > 1n ? `it is one of ${superblock.deviceCount} devices` : undefined,
  });
};

export const F2FS_SUPERBLOCK_BYTE = 1024;

export const f2fs: Recogniser = (source) => {
  const superblock = structAt(source, f2fsSuperblock, F2FS_SUPERBLOCK_BYTE);
  if (superblock?.magic !== 0xf2f52010 || superblock.logBlockSize > 16) return undefined;
  return recognised("F2FS", {
    label: nameFromUtf16le(superblock.label).split("\0")[0] ?? "",
    uuid: uuidText(superblock.uuid),
    sizeBytes: sizeOf(superblock.blockCount, 1 << superblock.logBlockSize),
  });
};

export const squashfs: Recogniser = (source) => {
  const superblock = structAt(source, squashfsSuperblock, 0);
  if (superblock === undefined || !isText(superblock.magic, "hsqs") || superblock.major !== 4) return undefined;
  return recognised("squashfs", {
    sizeBytes: sizeOf(superblock.usedBytes, 1),
    advice: "unpack it with unsquashfs",
  });
};

/** The signature ends the first page, and machines differ in their page. */
export const SWAP_PAGES: readonly number[] = [4096, 8192, 16384, 32768, 65536];
const SWAP_SIGNATURES: Readonly<Record<string, string>> = {
  "SWAP-SPACE": "Linux swap",
  SWAPSPACE2: "Linux swap",
  "S1SUSPEND\0": "Linux hibernation image",
  "S2SUSPEND\0": "Linux hibernation image",
  "ULSUSPEND\0": "Linux hibernation image",
  LINHIB0001: "Linux hibernation image",
};

export const swap: Recogniser = (source) => {
  const header = structAt(source, swapHeader, 1024);
  for (const pageBytes of SWAP_PAGES) {
    const signature = bytesAt(source, pageBytes - 10, 10);
    const format = signature === undefined ? undefined : SWAP_SIGNATURES[String.fromCharCode(...signature)];
    if (format === undefined || header === undefined) continue;
    const hasHeader = header.version === 1;
    return recognised(format, {
      label: hasHeader ? textUntilZero(header.label) : "",
      uuid: hasHeader ? uuidText(header.uuid) : undefined,
      sizeBytes: hasHeader ? (header.lastPage + 1) * pageBytes : undefined,
    });
  }
  return undefined;
};
