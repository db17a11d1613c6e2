import type { BlockSource } from "../../../source/block-source.ts";
import { mirroredSource } from "../../raid/mirrored.ts";
import { paritySource } from "../../raid/parity.ts";
import { parityLayout } from "../../raid/parity-layout.ts";
import { raid10Source } from "../../raid/raid10.ts";
import { stripedSource } from "../../raid/striped.ts";
import { type SegmentContext, volumeError } from "../segment.ts";
import { type RaidImages, raidImages } from "./images.ts";

const SECTOR_BYTES = 512;

/** lvm2's names of the parity layouts, by level and md's number (raid_types of the kernel's drivers/md/dm-raid.c). */
export const PARITY_TYPES: ReadonlyMap<string, readonly [level: 4 | 5 | 6, number: number]> = new Map([
  ["raid4", [4, 4]],
  ["raid5_n", [5, 5]],
  ["raid5", [5, 2]],
  ["raid5_la", [5, 0]],
  ["raid5_ra", [5, 1]],
  ["raid5_ls", [5, 2]],
  ["raid5_rs", [5, 3]],
  ["raid6", [6, 8]],
  ["raid6_zr", [6, 8]],
  ["raid6_nr", [6, 9]],
  ["raid6_nc", [6, 10]],
  ["raid6_n_6", [6, 5]],
  ["raid6_la_6", [6, 16]],
  ["raid6_ra_6", [6, 17]],
  ["raid6_ls_6", [6, 18]],
  ["raid6_rs_6", [6, 19]],
]);

/** `raid0` and `raid0_meta` (lib/raid/raid.c): stripes, with or without metadata images that say nothing of note. */
export function openRaid0(context: SegmentContext): BlockSource {
  const { segment, label, lengthBytes } = context;
  const lists = segment.fields.strings("raid0_lvs");
  const names = lists.length > 0 ? lists : imageNames(context);
  const sources = names.map((name) => context.sibling(name));
  if (sources.length === 0) throw volumeError("corrupt", label, "a raid0 segment without images");
  const chunkBytes = chunkOf(context);
  checkImages(context, sources, lengthBytes / sources.length, chunkBytes);
  return stripedSource(label, lengthBytes, sources, chunkBytes);
}

/** Data images; each follows its metadata image. */
function imageNames({ segment }: SegmentContext): readonly string[] {
  return segment.fields.strings("raids").filter((_, i) => i % 2 === 1);
}

export function openRaid1(context: SegmentContext): BlockSource {
  if (context.leg !== undefined) return context.sibling(imageNames(context)[context.leg] ?? "");
  const { legs } = judged(context, context.lengthBytes, 1);
  return mirroredSource(context.label, context.lengthBytes, legs);
}

export function openRaidParity(context: SegmentContext): BlockSource {
  const { label, lengthBytes, segment } = context;
  const [level, number] = PARITY_TYPES.get(segment.type) ?? [5, -1];
  const layout = parityLayout(level, number);
  if (layout === undefined) throw volumeError("unsupported", label, `segment type ${segment.type}: its layout is not known`);
  const devices = segment.fields.integer("device_count");
  if (devices <= layout.parities) throw volumeError("corrupt", label, `${segment.type} over ${devices} devices`);
  const chunkBytes = chunkOf(context);
  const { legs, syncedBytes } = judged(context, lengthBytes / (devices - layout.parities), chunkBytes);
  const parityFits = (offsetBytes: number, rangeBytes: number) => offsetBytes + rangeBytes <= syncedBytes;
  return paritySource({ label, sizeBytes: lengthBytes, legs, chunkBytes, layout, parityFits });
}

/** `raid10`: lvm2 makes the near layout only, of as many copies as `data_copies` says. */
export function openRaid10(context: SegmentContext): BlockSource {
  const { label, lengthBytes, segment } = context;
  const devices = segment.fields.integer("device_count");
  const near = segment.fields.optionalInteger("data_copies") ?? 2;
  if (devices < near || near === 0) throw volumeError("corrupt", label, `${near} copies over ${devices} devices`);
  const chunkBytes = chunkOf(context);
  const legBytes = (lengthBytes * near) / devices;
  const { legs } = judged(context, legBytes, chunkBytes);
  return raid10Source(label, lengthBytes, legs, chunkBytes, legBytes, { near, far: 1, offset: false, farSetDevices: devices });
}

/** Why devices of a segment cannot be read as a whole; nothing where all can, or the segment is no raid with metadata. */
export function raidFacts(context: SegmentContext): readonly string[] {
  const { type, fields } = context.segment;
  if (!type.startsWith("raid") || type.startsWith("raid0") || !fields.has("raids")) return [];
  return raidImages(context).legs.flatMap(({ reason }) => reason?.message ?? []);
}

function judged(context: SegmentContext, legBytes: number, chunkBytes: number): RaidImages {
  const images = raidImages(context);
  const sources = images.legs.flatMap(({ source }) => source ?? []);
  checkImages(context, sources, legBytes, chunkBytes);
  return images;
}

function checkImages(
  { label, segment }: SegmentContext,
  sources: readonly BlockSource[],
  bytes: number,
  chunkBytes: number,
): void {
  if (!Number.isInteger(bytes / chunkBytes)) {
    throw volumeError("corrupt", label, `${segment.type}: ${bytes} bytes of each device are no multiple of ${chunkBytes}`);
  }
  const small = sources.find(({ sizeBytes }) => sizeBytes < bytes);
  if (small !== undefined)
    throw volumeError("corrupt", label, `${small.label} has ${small.sizeBytes} bytes: ${bytes} are needed`);
}

function chunkOf({ segment, label }: SegmentContext): number {
  const chunkBytes = segment.fields.integer("stripe_size") * SECTOR_BYTES;
  if (chunkBytes === 0) throw volumeError("corrupt", label, `${segment.type}: stripe_size is 0`);
  return chunkBytes;
}
