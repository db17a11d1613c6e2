import type { BlockSource } from "../../source/block-source.ts";
import { SliceSource } from "../../source/slice.ts";
import { concatenated } from "../concatenated.ts";
import { stripedSource } from "../raid/striped.ts";

/**
 * How a raid0 of devices of different sizes goes on where the smallest end (the kernel's include/uapi/linux/raid/md_p.h,
 * MD_FEATURE_RAID0_LAYOUT): kernels before 3.14 and those from then on disagreed, and the disk did not tell.
 */
export type ZoneOrder = "by the array" | "by the zone";

/** In chunks: a stretch of all devices that reach so far. */
interface Zone {
  readonly deviceStart: number;
  readonly deviceEnd: number;
  readonly devices: readonly number[];
  readonly arrayStart: number;
}

/** RAID 0 over devices of any sizes: whole chunks of each are used. `order` does not matter where there is one zone. */
export function zonedSource(label: string, devices: readonly BlockSource[], chunkBytes: number, order: ZoneOrder): BlockSource {
  const parts = zonesOf(devices.map(({ sizeBytes }) => Math.floor(sizeBytes / chunkBytes))).map((zone) => {
    const startBytes = zone.deviceStart * chunkBytes;
    const lengthBytes = zone.deviceEnd * chunkBytes - startBytes;
    // By the array, the first chunk goes to the device whose turn it is when all chunks before it are counted.
    const turn = order === "by the array" ? zone.arrayStart % zone.devices.length : 0;
    const sources = [...zone.devices.slice(turn), ...zone.devices.slice(0, turn)].flatMap((i): BlockSource[] => {
      const device = devices[i];
      return device === undefined ? [] : [new SliceSource(device, startBytes, lengthBytes, device.label)];
    });
    return stripedSource(label, lengthBytes * sources.length, sources, chunkBytes);
  });
  return concatenated(label, parts);
}

/** The zones of devices of so many chunks, as create_strip_zones of the kernel's drivers/md/raid0.c makes them. */
export function zonesOf(chunks: readonly number[]): readonly Zone[] {
  const zones: Zone[] = [];
  let arrayStart = 0;
  let deviceStart = 0;
  for (const deviceEnd of [...new Set(chunks)].sort((a, b) => a - b)) {
    if (deviceEnd === deviceStart) continue;
    const devices = chunks.flatMap((count, i) => (count > deviceStart ? [i] : []));
    zones.push({ deviceStart, deviceEnd, devices, arrayStart });
    arrayStart += (deviceEnd - deviceStart) * devices.length;
    deviceStart = deviceEnd;
  }
  return zones;
}
