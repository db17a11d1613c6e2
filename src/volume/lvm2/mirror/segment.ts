import { damageOf, hex, NomountError } from "../../../error.ts";
import type { BlockSource, Extent } from "../../../source/block-source.ts";
import { type Leg, usable } from "../../raid/leg.ts";
import { copyExtents } from "../../raid/mirrored.ts";
import { RedundantSource } from "../../raid/redundant-source.ts";
import { areaList, type SegmentContext, volumeError } from "../segment.ts";
import { MIRROR_LOG_BITS_BYTES, MIRROR_LOG_MAGIC, MIRROR_LOG_VERSION, mirrorLog } from "./layout.ts";

const SECTOR_BYTES = 512;

/** Whether all legs are the same in a region. */
type InSync = (region: number) => boolean;

/**
 * `mirror` (lib/mirror/mirrored.c; the kernel's dm-raid1.c): the first leg counts, the others where the log says that they are
 * the same. A log that was in memory is lost, and with it what it said: then the others stand in.
 */
export function openMirror(context: SegmentContext): BlockSource {
  const { segment, label, lengthBytes } = context;
  const areas = areaList(context, "mirrors");
  if (areas.length === 0) throw volumeError("corrupt", label, "a mirror without legs");
  const only = context.leg === undefined ? undefined : areas[context.leg];
  if (only !== undefined) return context.area(only.name, only.startExtent, lengthBytes);
  const legs = areas.map(({ name, startExtent }): Leg => {
    const missing = context.partial(name);
    return {
      name,
      source: missing ? undefined : context.area(name, startExtent, lengthBytes),
      goodBytes: Number.POSITIVE_INFINITY,
      reason: missing ? volumeError("source", label, `${name} is on a physical volume that is missing`) : undefined,
    };
  });
  const regionBytes = (segment.fields.optionalInteger("region_size") ?? 0) * SECTOR_BYTES;
  const inSync = regionBytes === 0 ? () => true : logOf(context, Math.ceil(lengthBytes / regionBytes));
  const [first] = legs;
  return new RedundantSource(label, lengthBytes, function* (offsetBytes, lengthOfRange, avoid): Generator<Extent> {
    const end = offsetBytes + lengthOfRange;
    for (let at = offsetBytes; at < end; ) {
      const whole = regionBytes === 0 || usable(first, at, end - at, avoid);
      const region = whole ? 0 : Math.floor(at / regionBytes);
      const to = whole ? end : Math.min(end, (region + 1) * regionBytes);
      const trusted = whole || inSync(region) ? legs : legs.slice(0, 1);
      const from = at;
      yield* copyExtents(
        trusted.map((leg) => ({ leg, offsetBytes: from })),
        to - from,
        avoid,
        (done) => new NomountError("source", `lvm2: ${label}: no leg of the mirror can be read at byte ${from + done}`),
      );
      at = to;
    }
  });
}

function logOf(context: SegmentContext, regions: number): InSync {
  const name = context.segment.fields.optionalString("mirror_log");
  if (name === undefined || context.partial(name)) return () => true;
  let bits: Uint8Array | undefined;
  return (region) => {
    bits ??= readLog(context, name, regions);
    return (((bits[region >>> 3] ?? 0) >> (region & 7)) & 1) === 1;
  };
}

function readLog(context: SegmentContext, name: string, regions: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(regions / 8));
  try {
    const source = context.sibling(name);
    const head = new Uint8Array(mirrorLog.sizeBytes);
    source.readSync(head, 0);
    const { magic, version } = mirrorLog.view(head);
    if (magic !== MIRROR_LOG_MAGIC || version !== MIRROR_LOG_VERSION) {
      const found = `found ${hex(magic)}, version ${version}`;
      throw volumeError("corrupt", source.label, `mirror log: magic: expected ${hex(MIRROR_LOG_MAGIC)}, version 2; ${found}`);
    }
    source.readSync(bits, MIRROR_LOG_BITS_BYTES);
  } catch (error) {
    context.warn(damageOf(error));
    bits.fill(0);
  }
  return bits;
}
