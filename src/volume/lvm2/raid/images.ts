import { safeNumber } from "../../../bytes/int64.ts";
import type { NomountError } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { SliceSource } from "../../../source/slice.ts";
import type { Leg } from "../../raid/leg.ts";
import { type SegmentContext, volumeError } from "../segment.ts";
import { HAS_EXTENSION, RAID_MAGIC, RESHAPE_ACTIVE, raidSuperblock, WHOLE } from "./layout.ts";

const SECTOR_BYTES = 512;

/** The images of a raid segment, judged by their superblocks. */
export interface RaidImages {
  readonly legs: readonly Leg[];
  /** Up to where, on each device, the array is known to be consistent. */
  readonly syncedBytes: number;
}

/** What one superblock says. */
interface Superblock {
  readonly events: bigint;
  readonly failedDevices: bigint;
  readonly goodBytes: number;
  readonly syncedBytes: number;
  readonly dataOffsetBytes: number;
}

/**
 * Judges the images of a segment: `raids` names a metadata and a data image for each device. A device is stale when it has fewer
 * events than another (one less is what an update that was cut short leaves), or another has noted it as failed.
 */
export function raidImages(context: SegmentContext): RaidImages {
  const names = context.segment.fields.strings("raids");
  const count = context.segment.fields.integer("device_count");
  if (names.length !== count * 2) {
    throw volumeError("corrupt", context.label, `device_count is ${count}, found ${names.length} images`);
  }
  const found = Array.from({ length: count }, (_, i) => image(context, i, names[2 * i] ?? "", names[2 * i + 1] ?? ""));
  let newest = -1n;
  for (const { superblock } of found) if (superblock !== undefined && superblock.events > newest) newest = superblock.events;
  const current = found.filter(({ superblock }) => superblock?.events === newest);
  const failed = current.reduce((bits, { superblock }) => bits | (superblock?.failedDevices ?? 0n), 0n);
  const legs = found.map(({ name, source, superblock, reason }, i): Leg => {
    const unread = (why: NomountError): Leg => ({ name, source: undefined, goodBytes: 0, reason: why });
    if (source === undefined) return unread(reason ?? volumeError("source", context.label, `${name} is missing`));
    // An array that never ran has no superblocks at all.
    if (newest < 0n) return { name, source, goodBytes: Number.POSITIVE_INFINITY, reason: undefined };
    if (superblock === undefined) return unread(volumeError("source", context.label, `${name} was added, and never filled`));
    if (superblock.events + 1n < newest || ((failed >> BigInt(i)) & 1n) === 1n) {
      return unread(volumeError("source", context.label, `${name} is stale: it was away while the others were written`));
    }
    const data = superblock.dataOffsetBytes === 0 ? source : movedTo(source, superblock.dataOffsetBytes);
    const { goodBytes } = superblock;
    const rebuilding = volumeError("source", context.label, `${name} is being rebuilt: it is good up to byte ${goodBytes}`);
    return { name, source: data, goodBytes, reason: Number.isFinite(goodBytes) ? rebuilding : undefined };
  });
  const syncedBytes = Math.min(...current.map(({ superblock }) => superblock?.syncedBytes ?? Number.POSITIVE_INFINITY));
  return { legs, syncedBytes: newest < 0n ? 0 : syncedBytes };
}

function image(context: SegmentContext, position: number, metaName: string, name: string) {
  if (context.partial(metaName) || context.partial(name)) {
    const reason = volumeError("source", context.label, `${name} is on a physical volume that is missing`);
    return { name, source: undefined, superblock: undefined, reason };
  }
  return { name, source: context.sibling(name), superblock: superblockOf(context, position, metaName), reason: undefined };
}

/** Undefined where none was written yet. */
function superblockOf(context: SegmentContext, position: number, name: string): Superblock | undefined {
  const source = context.sibling(name);
  const bytes = new Uint8Array(raidSuperblock.sizeBytes);
  source.readSync(bytes, 0);
  const head = raidSuperblock.view(bytes);
  if (head.magic !== RAID_MAGIC) return undefined;
  const where = { label: source.label, offsetBytes: 0 };
  const sectors = (value: bigint, what: string) => {
    return value === WHOLE
      ? Number.POSITIVE_INFINITY
      : safeNumber(value, `lvm2: dm-raid superblock: ${what}`, where) * SECTOR_BYTES;
  };
  if (head.position !== position) {
    throw volumeError(
      "corrupt",
      context.label,
      `${name}: its superblock is that of device ${head.position}: expected ${position}`,
    );
  }
  const extended = (head.compatFeatures & HAS_EXTENSION) !== 0;
  if (extended && (head.flags & RESHAPE_ACTIVE) !== 0) {
    throw volumeError("unsupported", context.label, "a reshape was under way: let it end on the machine that it belongs to");
  }
  return {
    events: head.events,
    failedDevices: head.failedDevices,
    goodBytes: sectors(head.recoveryOffset, "recovery offset"),
    syncedBytes: sectors(head.resyncOffset, "resync offset"),
    dataOffsetBytes: extended ? sectors(head.dataOffset, "data offset") : 0,
  };
}

function movedTo(source: BlockSource, offsetBytes: number): BlockSource {
  return new SliceSource(source, offsetBytes, Math.max(0, source.sizeBytes - offsetBytes), source.label);
}
