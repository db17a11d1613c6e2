import { uuidText } from "../../../bytes/guid.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { type Recognised, type Recogniser, recognised, structAt, textUntilZero } from "../recognised.ts";
import { mdSuperblock0, mdSuperblock1 } from "./layout.ts";

const MAGIC = 0xa92b4efc;
const SECTOR_BYTES = 512;

/** Linux RAID members. Of a mirror whose superblock is at the end, the content is whole from byte 0 on. */
export const md: Recogniser = (source) => {
  const sectors = Math.floor(source.sizeBytes / SECTOR_BYTES);
  return (
    version1(source, 8, "1.2") ??
    version1(source, 0, "1.1") ??
    version1(source, Math.max(0, sectors - 16 - (sectors % 8)), "1.0") ??
    version0(source)
  );
};

function version1(source: BlockSource, sector: number, version: string): Recognised | undefined {
  const superblock = structAt(source, mdSuperblock1, sector * SECTOR_BYTES);
  if (superblock?.magic !== MAGIC || superblock.major !== 1 || superblock.superOffsetSectors !== BigInt(sector))
    return undefined;
  const isMirror = superblock.level === 1;
  const dataByte = Number(superblock.dataOffsetSectors) * SECTOR_BYTES;
  return member(version, superblock.level, superblock.raidDisks, {
    label: textUntilZero(superblock.name),
    uuid: uuidText(superblock.uuid),
    part: !(isMirror && dataByte === 0),
    advice: isMirror && dataByte > 0 ? `it is a mirror: its content begins at byte ${dataByte} of it` : undefined,
  });
}

function version0(source: BlockSource): Recognised | undefined {
  const superblock = structAt(source, mdSuperblock0, source.sizeBytes - (source.sizeBytes % 65536) - 65536);
  if (superblock?.magic !== MAGIC || superblock.major !== 0) return undefined;
  const { uuid0, uuid1, uuid2, uuid3, level, raidDisks } = superblock;
  const uuid = new Uint8Array(16);
  const view = new DataView(uuid.buffer);
  for (const [i, word] of [uuid0, uuid1, uuid2, uuid3].entries()) view.setUint32(i * 4, word);
  return member("0.90", level, raidDisks, { uuid: uuidText(uuid), part: level !== 1 });
}

function member(version: string, level: number, raidDisks: number, known: Partial<Recognised>): Recognised {
  const levels: Readonly<Record<number, string>> = { 4294967295: "linear", 4294967292: "multipath", 4294967288: "container" };
  const name = levels[level] ?? String(level);
  return recognised(`Linux RAID member (md ${version}, level ${name}, ${raidDisks} disks)`, known);
}
