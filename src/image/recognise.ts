import { damageOf, type NomountError } from "../error.ts";
import type { BlockSource } from "../source/block-source.ts";
import { CachedSource } from "../source/cached.ts";
import { container } from "./formats/container/container.ts";
import { bcache, luks, lvm } from "./formats/device/devices.ts";
import { md } from "./formats/device/md.ts";
import { exfat, fat } from "./formats/microsoft/fat.ts";
import { bitlocker, ldm, ntfs, refs } from "./formats/microsoft/windows.ts";
import { apfs, hfs } from "./formats/other/apple.ts";
import { iso9660, udf } from "./formats/other/optical.ts";
import type { Recognised, Recogniser } from "./formats/recognised.ts";
import { ext } from "./formats/unix/ext.ts";
import { btrfs, f2fs, squashfs, swap, xfs } from "./formats/unix/filesystems.ts";
import { zfs } from "./formats/unix/zfs.ts";

/**
 * In order of trust. What takes whole devices comes first, since a filesystem may seem to begin in one of its parts; BitLocker
 * before the FAT it can look like; UDF before the ISO 9660 that bridges to it; formats that are known by a few bytes last.
 */
const RECOGNISERS: readonly Recogniser[] = [
  luks,
  lvm,
  md,
  bcache,
  zfs,
  ldm,
  bitlocker,
  btrfs,
  xfs,
  ext,
  ntfs,
  refs,
  exfat,
  fat,
  f2fs,
  hfs,
  apfs,
  squashfs,
  udf,
  iso9660,
  swap,
  container,
];

/** What a source holds by its signatures; `failed` takes an I/O error on the way, and the search goes on. */
export function* recognise(source: BlockSource, failed: (error: NomountError) => void): Generator<Recognised> {
  const cached = new CachedSource(source, { maxPages: RECOGNISER_PAGES });
  for (const recogniser of RECOGNISERS) {
    let found: Recognised | undefined;
    try {
      found = recogniser(cached);
    } catch (error) {
      failed(damageOf(error));
    }
    if (found !== undefined) yield found;
  }
}

/** All that the signatures lie in, ZFS apart. */
const RECOGNISER_PAGES = 64;
