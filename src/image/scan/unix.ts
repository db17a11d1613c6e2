import { SliceSource } from "../../source/slice.ts";
import { mdSuperblock1 } from "../../volume/md/layout.ts";
import { lvm, lvmLabelAt } from "../formats/device/devices.ts";
import { md } from "../formats/device/md.ts";
import { isText, type Recogniser, structAt } from "../formats/recognised.ts";
import {
  BTRFS_SUPERBLOCK_BYTE,
  btrfs,
  F2FS_SUPERBLOCK_BYTE,
  f2fs,
  SWAP_PAGES,
  swap,
  xfs,
} from "../formats/unix/filesystems.ts";
import { btrfsSuperblock, xfsFreeSpace, xfsSuperblock } from "../formats/unix/layout.ts";
import { type Detector, finding } from "./finding.ts";
import { withHeadFrom } from "./with-head-from.ts";

/** What begins a fixed way before its signature. */
export function startsBefore(recogniser: Recogniser, signatureByte: number): Detector {
  return (source, atBytes) => {
    const start = atBytes - signatureByte;
    if (start < 0) return undefined;
    const known = recogniser(new SliceSource(source, start, source.sizeBytes - start, source.label));
    return known === undefined ? undefined : finding(source, start, known);
  };
}

/** Each allocation group begins with a superblock; the free space header behind it tells the number of the group. */
export const xfsDetector: Detector = (source, atBytes) => {
  const superblock = structAt(source, xfsSuperblock, atBytes);
  if (superblock === undefined || !isText(superblock.magic, "XFSB")) return undefined;
  const freeSpace = structAt(source, xfsFreeSpace, atBytes + superblock.sectorBytes);
  if (freeSpace === undefined || !isText(freeSpace.magic, "XAGF")) return undefined;
  const { sequence } = freeSpace;
  const start = atBytes - sequence * superblock.groupBlocks * superblock.blockBytes;
  if (start < 0) return undefined;
  const known = xfs(withHeadFrom(source, start, atBytes, superblock.sectorBytes));
  const notes = sequence === 0 ? [] : [`its superblock is lost; found by the one of group ${sequence}, at byte ${atBytes}`];
  return known === undefined ? undefined : finding(source, start, known, notes);
};

/** A superblock says at which byte of the filesystem it lies: 64 KiB, 64 MiB or 256 GiB. */
export const btrfsDetector: Detector = (source, atBytes) => {
  const superblock = structAt(source, btrfsSuperblock, atBytes);
  if (superblock === undefined || !isText(superblock.magic, "_BHRfS_M")) return undefined;
  const inFileSystem = Number(superblock.offsetBytes);
  const start = atBytes - inFileSystem;
  if (![2 ** 16, 2 ** 26, 2 ** 38].includes(inFileSystem) || start < 0) return undefined;
  const known = btrfs(
    new SliceSource(source, atBytes - BTRFS_SUPERBLOCK_BYTE, source.sizeBytes - atBytes + BTRFS_SUPERBLOCK_BYTE, source.label),
  );
  const notes = inFileSystem === 2 ** 16 ? [] : [`its superblock is lost; found by the copy at byte ${atBytes}`];
  return known === undefined ? undefined : finding(source, start, known, notes);
};

/** An LVM2 label says in which sector of its physical volume it lies. */
export const lvmDetector: Detector = (source, atBytes) => {
  const label = lvmLabelAt(source, atBytes);
  const start = label === undefined ? -1 : atBytes - label.sector * 512;
  if (start < 0) return undefined;
  const known = lvm(new SliceSource(source, start, source.sizeBytes - start, source.label));
  return known === undefined ? undefined : finding(source, start, known);
};

/** An md superblock 1.x says in which sector of its device it lies. */
export const mdDetector: Detector = (source, atBytes) => {
  const superblock = structAt(source, mdSuperblock1, atBytes);
  if (superblock?.major !== 1) return undefined;
  const start = atBytes - Number(superblock.superOffsetSectors) * 512;
  if (start < 0) return undefined;
  // Version 1.0 is looked for from the end, so the device ends where its superblock does.
  const end = start < atBytes ? Math.min(source.sizeBytes, atBytes + 8192) : source.sizeBytes;
  const known = md(new SliceSource(source, start, end - start, source.label));
  return known === undefined ? undefined : finding(source, start, known);
};

/** The signature tells nothing of the page that it ends, the header does: only with one is it taken for a swap area. */
export const swapDetector: Detector = (source, atBytes) => {
  for (const pageBytes of SWAP_PAGES) {
    const found = startsBefore(swap, pageBytes - 512)(source, atBytes);
    if (found?.sizeBytes !== undefined) return found;
  }
  return undefined;
};

/** The superblock in block 0 has a copy in block 1, which looks as if another filesystem began there. */
export const f2fsDetector: Detector = (source, atBytes) =>
  startsBefore(f2fs, F2FS_SUPERBLOCK_BYTE + 4096)(source, atBytes) ?? startsBefore(f2fs, F2FS_SUPERBLOCK_BYTE)(source, atBytes);
