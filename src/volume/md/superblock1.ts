import { uuidText } from "../../bytes/guid.ts";
import { safeNumber } from "../../bytes/int64.ts";
import { nameFromBytes } from "../../bytes/names.ts";
import { hex, NomountError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { Stretch } from "../raid/leg.ts";
import {
  FEATURE_BAD_BLOCKS,
  FEATURE_BITMAP,
  FEATURE_JOURNAL,
  FEATURE_RAID0_LAYOUT,
  FEATURE_RECOVERING,
  FEATURE_REPLACEMENT,
  FEATURE_RESHAPING,
  MAX_ROLES,
  MD_MAGIC,
  mdSuperblock1,
  ROLE_FAULTY,
  ROLE_JOURNAL,
  ROLE_SPARE,
  WHOLE,
} from "./layout.ts";
import type { Member, Role } from "./member.ts";

const SECTOR_BYTES = 512;
const TIME_MASK = 0xff_ffff_ffffn;
/** An entry of the list of bad blocks: how many sectors, below the sector that they begin at; all ones end the list. */
const BAD_LENGTH_BITS = 10n;

/** Where superblocks 1.x may lie, by version. */
export function superblocks1At({ sizeBytes }: BlockSource): readonly (readonly ["1.0" | "1.1" | "1.2", number])[] {
  const sectors = Math.floor(sizeBytes / SECTOR_BYTES);
  const nearEnd = sectors - 16 - (sectors % 8);
  return [["1.2", 4096], ["1.1", 0], ...(nearEnd < 0 ? [] : [["1.0", nearEnd * SECTOR_BYTES] as const])];
}

/** It also says where it lies: a copy that is found elsewhere, as on the disk of which its device is a partition, is none. */
export function isSuperblock1(bytes: Uint8Array, at: number): boolean {
  const { magic, major, superOffsetSectors } = mdSuperblock1.view(bytes);
  return magic === MD_MAGIC && major === 1 && superOffsetSectors * BigInt(SECTOR_BYTES) === BigInt(at);
}

/** A member by its superblock 1.x. Throws `corrupt`. */
export function readSuperblock1(source: BlockSource, version: "1.0" | "1.1" | "1.2", at: number): Member {
  const where = { label: source.label, offsetBytes: at };
  const wrong = (what: string) => new NomountError("corrupt", `md: superblock ${version}: ${what}`, { where });
  const bytes = new Uint8Array(Math.min(4096, source.sizeBytes - at));
  source.readSync(bytes, at);
  const head = mdSuperblock1.view(bytes, 0, where);
  const usedBytes = mdSuperblock1.sizeBytes + head.roleCount * 2;
  if (head.roleCount > MAX_ROLES || usedBytes > bytes.length) throw wrong(`roles of ${head.roleCount} devices`);
  const checksum = sumOf(bytes.subarray(0, usedBytes));
  if (checksum !== head.checksum) {
    throw wrong(`checksum mismatch: expected ${hex(head.checksum, 8)}, found ${hex(checksum, 8)}`);
  }
  const has = (feature: number) => (head.features & feature) !== 0;
  const sectors = (value: bigint, what: string) => {
    return safeNumber(value * BigInt(SECTOR_BYTES), `md: superblock ${version}: ${what}`, where);
  };
  const roles = new DataView(bytes.buffer, mdSuperblock1.sizeBytes, head.roleCount * 2);
  const dataStartBytes = sectors(head.dataOffsetSectors, "data offset");
  const name = head.name.indexOf(0);
  return {
    source,
    version,
    arrayUuid: uuidText(head.uuid),
    uuid: uuidText(head.deviceUuid),
    arrayName: nameFromBytes(name < 0 ? head.name : head.name.subarray(0, name)),
    level: head.level,
    layout: head.layout,
    layoutKnown: has(FEATURE_RAID0_LAYOUT),
    chunkBytes: head.chunkSectors * SECTOR_BYTES,
    deviceCount: head.raidDisks,
    deviceBytes: sectors(head.sizeSectors, "size"),
    dataStartBytes,
    dataBytes: sectors(head.dataSectors, "data size"),
    events: head.events,
    number: head.deviceNumber,
    roleOf: (number) => (number < head.roleCount ? roleFrom(roles.getUint16(number * 2, true)) : "spare"),
    rebuiltBytes: has(FEATURE_RECOVERING) ? sectors(head.recoveredSectors, "recovery offset") : Number.POSITIVE_INFINITY,
    replacement: has(FEATURE_REPLACEMENT),
    syncedBytes: head.resyncSectors === WHOLE ? Number.POSITIVE_INFINITY : sectors(head.resyncSectors, "resync offset"),
    bitmapAtBytes: has(FEATURE_BITMAP) ? at + head.bitmapOffsetSectors * SECTOR_BYTES : undefined,
    badStretches: has(FEATURE_BAD_BLOCKS)
      ? badStretches(
          source,
          at + head.badBlockOffsetSectors * SECTOR_BYTES,
          head.badBlockSectors,
          head.badBlockShift,
          dataStartBytes,
        )
      : [],
    reshaping: has(FEATURE_RESHAPING),
    journaled: has(FEATURE_JOURNAL),
    createdAt: Number(head.created & TIME_MASK),
    updatedAt: Number(head.updated & TIME_MASK),
  };
}

function roleFrom(value: number): Role {
  if (value === ROLE_SPARE) return "spare";
  if (value === ROLE_JOURNAL) return "journal";
  return value === ROLE_FAULTY || value > MAX_ROLES ? "faulty" : value;
}

/** The list of bad blocks, from positions on the device to positions in its data. */
function badStretches(
  source: BlockSource,
  at: number,
  listSectors: number,
  shift: number,
  dataStartBytes: number,
): readonly Stretch[] {
  const bytes = new Uint8Array(listSectors * SECTOR_BYTES);
  source.readSync(bytes, at);
  const view = new DataView(bytes.buffer);
  const bad: Stretch[] = [];
  const where = { label: source.label, offsetBytes: at };
  for (let i = 0; i + 8 <= bytes.length; i += 8) {
    const entry = view.getBigUint64(i, true);
    if (entry === WHOLE) break;
    const count = Number(entry & ((1n << BAD_LENGTH_BITS) - 1n));
    const startBytes = safeNumber(
      ((entry >> BAD_LENGTH_BITS) << BigInt(shift & 63)) * BigInt(SECTOR_BYTES),
      "md: bad block",
      where,
    );
    const start = startBytes - dataStartBytes;
    if (count > 0) bad.push({ startBytes: start, endBytes: start + count * 2 ** (shift & 63) * SECTOR_BYTES });
  }
  return bad;
}

/** calc_sb_1_csum of the kernel's drivers/md/md.c. */
function sumOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let sum = -view.getUint32(mdSuperblock1.offsetOf("checksum"), true);
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) sum += view.getUint32(at, true);
  if (at + 2 <= bytes.length) sum += view.getUint16(at, true);
  return ((sum % 2 ** 32) + Math.floor(sum / 2 ** 32)) % 2 ** 32;
}
