import { crc32Raw } from "../../../bytes/crc32.ts";
import { uuidText } from "../../../bytes/guid.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { bytesAt, isText, type Recogniser, recognised, sizeOf, structAt, textUntilZero } from "../recognised.ts";
import { bcacheSuperblock, luksHeader, lvmLabel, lvmPhysicalVolume } from "./layout.ts";

const SECTOR_BYTES = 512;

export const luks: Recogniser = (source) => {
  const header = structAt(source, luksHeader, 0);
  if (header === undefined || !isText(header.magic, "LUKS\xba\xbe")) return undefined;
  return recognised(`LUKS${header.version}`, {
    label: header.version === 2 ? textUntilZero(header.label) : "",
    uuid: textUntilZero(header.uuid),
    advice: "it is encrypted: unlock it with cryptsetup open --readonly, and read what that makes",
  });
};

/** The label is looked for where LVM2 looks: in the first four sectors. */
export const lvm: Recogniser = (source) => {
  for (let sector = 0; sector < 4; sector++) {
    const found = lvmLabelAt(source, sector * SECTOR_BYTES);
    if (found?.sector !== sector) continue;
    return recognised("LVM2 physical volume", { uuid: found.uuid, sizeBytes: found.sizeBytes });
  }
  return undefined;
};

/** The label in the sector at a place, its checksum verified. `sector`: which of the volume's it says it is. */
export function lvmLabelAt(source: BlockSource, offsetBytes: number) {
  const bytes = bytesAt(source, offsetBytes, SECTOR_BYTES);
  if (bytes === undefined) return undefined;
  const label = lvmLabel.view(bytes);
  if (!isText(label.id, "LABELONE") || !isText(label.type, "LVM2 001")) return undefined;
  const covered = bytes.subarray(lvmLabel.offsetOf("headerOffset"));
  if (crc32Raw(covered, 0xf597a6cf) !== label.crc) return undefined;
  if (label.headerOffset + lvmPhysicalVolume.sizeBytes > bytes.length) return undefined;
  const header = lvmPhysicalVolume.view(bytes, label.headerOffset);
  const id = String.fromCharCode(...header.uuid);
  const uuid = [0, 6, 10, 14, 18, 22, 26].map((at, i, all) => id.slice(at, all[i + 1] ?? 32)).join("-");
  return { sector: Number(label.sector), uuid, sizeBytes: sizeOf(header.sizeBytes, 1) };
}

const BCACHE_MAGIC = "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81";

export const bcache: Recogniser = (source) => {
  const superblock = structAt(source, bcacheSuperblock, 4096);
  if (superblock === undefined || !isText(superblock.magic, BCACHE_MAGIC)) return undefined;
  const isCache = superblock.version === 0n || superblock.version === 3n;
  return recognised(isCache ? "bcache cache" : "bcache backing device", {
    label: textUntilZero(superblock.label),
    uuid: uuidText(superblock.uuid),
    advice: superblock.version === 1n ? "its content, less what is only in the cache, begins at byte 8192 of it" : undefined,
  });
};
