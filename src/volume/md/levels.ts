import type { BlockSource } from "../../source/block-source.ts";
import { SliceSource } from "../../source/slice.ts";
import { concatenated } from "../concatenated.ts";
import type { Leg } from "../raid/leg.ts";
import { mirroredSource } from "../raid/mirrored.ts";
import { paritySource } from "../raid/parity.ts";
import { parityLayout } from "../raid/parity-layout.ts";
import { type Raid10Layout, raid10Chunks, raid10Source } from "../raid/raid10.ts";
import { type Assembled, arrayError, legsOf, placeOf } from "./assemble.ts";
import { readBitmap } from "./bitmap.ts";
import type { Member } from "./member.ts";
import { type ZoneOrder, zonedSource, zonesOf } from "./zones.ts";

/** An array as one source, and the devices that it is made of. */
export interface OpenedArray {
  readonly source: BlockSource;
  readonly legs: readonly Leg[];
}

const LINEAR = -1;
const RAID4_PARITY_LAST = 5;

/** Throws where an array cannot be read at all: `corrupt`, `unsupported`. */
export function openArray(label: string, array: Assembled, leg?: number): OpenedArray {
  const { newest } = array;
  const { level, chunkBytes } = newest;
  if (newest.reshaping) {
    throw arrayError("unsupported", label, "a reshape was under way: let it end on the machine that it belongs to");
  }
  if (level !== 1 && level !== LINEAR && (chunkBytes === 0 || chunkBytes % 512 !== 0)) {
    throw arrayError("corrupt", label, `chunks of ${chunkBytes} bytes`);
  }
  const legs = legsOf(label, array);
  if (leg !== undefined && level === 1) return { source: oneLeg(label, array, leg), legs };
  return { source: sourceOf(label, newest, legs), legs };
}

/** A mirror as one of its devices has it, be it stale. */
function oneLeg(label: string, array: Assembled, place: number): BlockSource {
  const member = array.members.find((judged) => placeOf(judged) === place)?.member;
  if (member === undefined) throw arrayError("source", label, `device ${place} is missing; name it too with --pv`);
  const { source, dataStartBytes } = member;
  return new SliceSource(source, dataStartBytes, array.newest.deviceBytes, `${label} on ${source.label}`);
}

function sourceOf(label: string, newest: Member, legs: readonly Leg[]): BlockSource {
  const { level, layout, chunkBytes } = newest;
  const deviceBytes = level === 1 ? newest.deviceBytes : newest.deviceBytes - (newest.deviceBytes % Math.max(1, chunkBytes));
  switch (level) {
    case LINEAR:
      return concatenated(label, whole(label, legs, Math.max(512, chunkBytes)));
    case 0:
      return zoned(label, newest, whole(label, legs, chunkBytes));
    case 1:
      return mirroredSource(label, deviceBytes, reaching(label, legs, deviceBytes));
    case 4:
    case 5:
    case 6: {
      const found = parityLayout(level, level === 4 ? RAID4_PARITY_LAST : layout);
      if (found === undefined) throw arrayError("unsupported", label, `level ${level} with layout ${layout}`);
      if (legs.length <= found.parities) throw arrayError("corrupt", label, `level ${level} over ${legs.length} devices`);
      return paritySource({
        label,
        sizeBytes: deviceBytes * (legs.length - found.parities),
        legs: reaching(label, legs, deviceBytes),
        chunkBytes,
        layout: found,
        parityFits: parityOf(newest),
      });
    }
    case 10: {
      const shape = raid10Layout(label, layout, legs.length);
      const sizeBytes = raid10Chunks(deviceBytes, chunkBytes, legs.length, shape) * chunkBytes;
      return raid10Source(label, sizeBytes, reaching(label, legs, deviceBytes), chunkBytes, deviceBytes, shape);
    }
    default:
      throw arrayError("unsupported", label, `level ${level} is not read`);
  }
}

/** Of levels that use all of each device. How long each is, the devices alone tell: without one nothing has a place for certain. */
function whole(label: string, legs: readonly Leg[], unitBytes: number): readonly BlockSource[] {
  return legs.map(({ source, reason }) => {
    if (source === undefined) throw reason ?? arrayError("source", label, "a device is missing");
    return new SliceSource(source, 0, source.sizeBytes - (source.sizeBytes % unitBytes), source.label);
  });
}

function zoned(label: string, newest: Member, devices: readonly BlockSource[]): BlockSource {
  const { chunkBytes, layout, layoutKnown } = newest;
  const zones = zonesOf(devices.map(({ sizeBytes }) => Math.floor(sizeBytes / chunkBytes))).length;
  const order: ZoneOrder | undefined =
    layoutKnown && layout === 1 ? "by the array" : layoutKnown && layout === 2 ? "by the zone" : undefined;
  if (order === undefined && zones > 1) {
    const what = "a raid0 of devices of different sizes that does not tell its layout, which kernels have had two of";
    throw arrayError("unsupported", label, what);
  }
  return zonedSource(label, devices, chunkBytes, order ?? "by the array");
}

/** A device that is too small for what the array uses of it is a mistake of the superblock. */
function reaching(label: string, legs: readonly Leg[], bytes: number): readonly Leg[] {
  const small = legs.find(({ source }) => source !== undefined && source.sizeBytes < bytes);
  if (small !== undefined) {
    throw arrayError("corrupt", label, `${small.name} has ${small.source?.sizeBytes} bytes for data: ${bytes} are needed`);
  }
  return legs;
}

/** Parity fits as far as a resync has come; while the array is being written, where the bitmap says that nothing is in flight. */
function parityOf(newest: Member): (offsetBytes: number, lengthBytes: number) => boolean {
  const { syncedBytes } = newest;
  const inFlight = Number.isFinite(syncedBytes) ? readBitmap(newest) : undefined;
  return (offsetBytes, lengthBytes) =>
    offsetBytes + lengthBytes <= syncedBytes || (inFlight !== undefined && !inFlight(offsetBytes, lengthBytes));
}

/** setup_geo of the kernel's drivers/md/raid10.c: near copies, far copies, whether far ones are offset, and their sets. */
function raid10Layout(label: string, layout: number, devices: number): Raid10Layout {
  const near = layout & 0xff;
  const far = (layout >>> 8) & 0xff;
  const sets = layout >>> 17;
  const farSetDevices = sets === 0 ? devices : sets === 1 ? Math.floor(devices / far) : far * near;
  if (near === 0 || far === 0 || near * far > devices || sets > 2 || farSetDevices === 0) {
    throw arrayError("corrupt", label, `raid10 with layout 0x${layout.toString(16)} over ${devices} devices`);
  }
  return { near, far, offset: (layout & 0x10000) !== 0, farSetDevices };
}
