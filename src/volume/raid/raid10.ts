import { NomountError } from "../../error.ts";
import type { BlockSource, Extent } from "../../source/block-source.ts";
import type { Leg } from "./leg.ts";
import { copyExtents } from "./mirrored.ts";
import { RedundantSource } from "./redundant-source.ts";

/** How copies of a chunk are spread (md(4), "RAID10"; the kernel's drivers/md/raid10.c, setup_geo). */
export interface Raid10Layout {
  /** Copies next to one another: on the next devices, at about the same place. */
  readonly near: number;
  /** Copies far from one another: on devices further on, one stride behind. */
  readonly far: number;
  /** Far copies lie in the next row of chunks rather than in another part of the device. */
  readonly offset: boolean;
  /** Far copies stay within sets of so many devices. */
  readonly farSetDevices: number;
}

/** Chunks striped over all devices, each held several times. `legBytes`: of a device, what the array may use. */
export function raid10Source(
  label: string,
  sizeBytes: number,
  legs: readonly Leg[],
  chunkBytes: number,
  legBytes: number,
  layout: Raid10Layout,
): BlockSource {
  const strideBytes = layout.offset ? chunkBytes : strideChunks(legBytes, chunkBytes, legs.length, layout) * chunkBytes;
  return new RedundantSource(label, sizeBytes, function* (offsetBytes, lengthBytes, avoid): Generator<Extent> {
    const end = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < end; ) {
      const chunk = Math.floor(at / chunkBytes);
      const inChunk = at - chunk * chunkBytes;
      const length = Math.min(chunkBytes - inChunk, end - at);
      const copies = placesOf(chunk, legs.length, chunkBytes, strideBytes, layout).map(({ device, startBytes }) => ({
        leg: legs[device],
        offsetBytes: startBytes + inChunk,
      }));
      const start = at;
      yield* copyExtents(copies, length, avoid, (done) => {
        return new NomountError("source", `${label}: no copy can be read at byte ${start + done}`);
      });
      at += length;
    }
  });
}

/** How many chunks an array has whose devices have `legBytes` each (raid10_size). */
export function raid10Chunks(legBytes: number, chunkBytes: number, devices: number, { near, far }: Raid10Layout): number {
  return Math.floor((Math.floor(Math.floor(legBytes / chunkBytes) / far) * devices) / near);
}

/** calc_sectors of drivers/md/raid10.c. */
function strideChunks(legBytes: number, chunkBytes: number, devices: number, layout: Raid10Layout): number {
  const copies = raid10Chunks(legBytes, chunkBytes, devices, layout) * layout.near * layout.far;
  return Math.floor(Math.ceil(copies / devices) / layout.far);
}

/** Where the copies of a chunk lie (__raid10_find_phys of drivers/md/raid10.c). */
function placesOf(
  chunk: number,
  devices: number,
  chunkBytes: number,
  strideBytes: number,
  { near, far, offset, farSetDevices }: Raid10Layout,
): readonly { device: number; startBytes: number }[] {
  const places: { device: number; startBytes: number }[] = [];
  const lastSetStart = (Math.floor(devices / farSetDevices) - 1) * farSetDevices;
  const lastSetDevices = farSetDevices + (devices % farSetDevices);
  let row = Math.floor((chunk * near) / devices);
  let device = chunk * near - row * devices;
  if (offset) row *= far;
  let startBytes = row * chunkBytes;
  for (let n = 0; n < near; n++) {
    places.push({ device, startBytes });
    for (let f = 1, d = device; f < far; f++) {
      const set = Math.floor(d / farSetDevices);
      d += near;
      if (devices % farSetDevices !== 0 && d > lastSetStart) d = ((d - lastSetStart) % lastSetDevices) + lastSetStart;
      else d = (d % farSetDevices) + farSetDevices * set;
      places.push({ device: d, startBytes: startBytes + f * strideBytes });
    }
    device += 1;
    if (device >= devices) {
      device = 0;
      startBytes += chunkBytes;
    }
  }
  return places;
}
