import { uuidText } from "../../bytes/guid.ts";
import { hex, NomountError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import {
  BITMAP_0_SECTORS,
  DEVICE_ACTIVE,
  DEVICE_FAULTY,
  DEVICE_SLOTS,
  DEVICE_SYNC,
  DEVICES_AT,
  MD_MAGIC,
  mdDevice0,
  mdSuperblock0,
  STATE_BITMAP,
  STATE_CLEAN,
  SUPERBLOCK_0_BYTES,
  THIS_DEVICE_AT,
} from "./layout.ts";
import type { Member, Role } from "./member.ts";

const SECTOR_BYTES = 512;
const RESERVED_BYTES = 64 * 1024;
const RESHAPING_MINOR = 91;

/** Where a superblock 0.90 lies; undefined where a device is too small for one. */
export function superblock0At({ sizeBytes }: BlockSource): number | undefined {
  const at = sizeBytes - (sizeBytes % RESERVED_BYTES) - RESERVED_BYTES;
  return at < 0 ? undefined : at;
}

export function isSuperblock0(bytes: Uint8Array): boolean {
  const { magic, major } = mdSuperblock0.view(bytes);
  return magic === MD_MAGIC && major === 0;
}

/** A member by its superblock 0.90. Throws `corrupt`. */
export function readSuperblock0(source: BlockSource, at: number): Member {
  const bytes = new Uint8Array(SUPERBLOCK_0_BYTES);
  source.readSync(bytes, at);
  const where = { label: source.label, offsetBytes: at };
  const head = mdSuperblock0.view(bytes);
  const [expected, found] = [folded(head.checksum), folded(sumOf(bytes))];
  if (expected !== found) {
    const what = `expected ${hex(expected, 4)}, found ${hex(found, 4)}`;
    throw new NomountError("corrupt", `md: superblock 0.90: checksum mismatch: ${what}`, { where });
  }
  const device = (offsetBytes: number) => mdDevice0.view(bytes, offsetBytes);
  const own = device(THIS_DEVICE_AT);
  const clean = (head.state & STATE_CLEAN) !== 0;
  const sameEvents = head.eventsLow === head.resyncEventsLow && head.eventsHigh === head.resyncEventsHigh;
  return {
    source,
    version: "0.90",
    arrayUuid: uuidOf(head),
    uuid: `device ${own.number}`,
    arrayName: String(head.minorNumber),
    level: head.level,
    layout: head.layout,
    layoutKnown: false,
    chunkBytes: head.chunkBytes,
    deviceCount: head.raidDisks,
    deviceBytes: head.sizeKiB * 1024,
    dataStartBytes: 0,
    dataBytes: at,
    events: (BigInt(head.eventsHigh) << 32n) | BigInt(head.eventsLow),
    number: own.number,
    roleOf(number): Role {
      if (number >= DEVICE_SLOTS) return "spare";
      const { position, state } = device(DEVICES_AT + number * mdDevice0.sizeBytes);
      if ((state & DEVICE_FAULTY) !== 0) return "faulty";
      return (state & DEVICE_ACTIVE) !== 0 && (state & DEVICE_SYNC) !== 0 ? position : "spare";
    },
    rebuiltBytes: Number.POSITIVE_INFINITY,
    replacement: false,
    syncedBytes: clean ? Number.POSITIVE_INFINITY : sameEvents ? head.resyncSectors * SECTOR_BYTES : 0,
    bitmapAtBytes: (head.state & STATE_BITMAP) !== 0 ? at + BITMAP_0_SECTORS * SECTOR_BYTES : undefined,
    badStretches: [],
    reshaping: head.minor >= RESHAPING_MINOR,
    journaled: false,
    createdAt: head.created,
    updatedAt: head.updated,
  };
}

function uuidOf({ uuid0, uuid1, uuid2, uuid3 }: { uuid0: number; uuid1: number; uuid2: number; uuid3: number }): string {
  const uuid = new Uint8Array(16);
  const view = new DataView(uuid.buffer);
  for (const [i, word] of [uuid0, uuid1, uuid2, uuid3].entries()) view.setUint32(i * 4, word);
  return uuidText(uuid);
}

/** The sum of all words but the checksum, with the carries added again. */
function sumOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let sum = -view.getUint32(mdSuperblock0.offsetOf("checksum"), true);
  for (let at = 0; at < bytes.length; at += 4) sum += view.getUint32(at, true);
  return ((sum % 2 ** 32) + Math.floor(sum / 2 ** 32)) % 2 ** 32;
}

/** Some kernels wrote sums of 16 bits: only so much is compared (md_csum_fold of the kernel's drivers/md/md.c). */
function folded(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}
