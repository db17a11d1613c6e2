import type { BlockSource } from "../../source/block-source.ts";
import { stripedSource } from "../raid/striped.ts";
import { areaList, type SegmentContext, volumeError } from "./segment.ts";

const SECTOR_BYTES = 512;

/** `striped`, and linear as one stripe of it (lib/striped/striped.c; the kernel's dm-stripe.c). */
export function openStriped(context: SegmentContext): BlockSource {
  const { segment, label, lengthBytes, group } = context;
  const areas = areaList(context, "stripes");
  const count = segment.fields.integer("stripe_count");
  const wrong = (what: string) => volumeError("corrupt", label, `striped segment at extent ${segment.startExtent}: ${what}`);
  if (count === 0 || areas.length !== count) throw wrong(`stripe_count is ${count}, found ${areas.length} stripes`);
  if (segment.extentCount % count !== 0) throw wrong(`${segment.extentCount} extents do not divide into ${count} stripes`);
  const areaBytes = (segment.extentCount / count) * group.extentBytes;
  const sources = areas.map(({ name, startExtent }) => context.area(name, startExtent, areaBytes));
  const [only] = sources;
  if (sources.length === 1 && only !== undefined) return only;
  const stripeBytes = segment.fields.integer("stripe_size") * SECTOR_BYTES;
  if (stripeBytes === 0 || areaBytes % stripeBytes !== 0) {
    throw wrong(`stripe_size ${stripeBytes} bytes does not divide ${areaBytes} bytes of each stripe`);
  }
  return stripedSource(label, lengthBytes, sources, stripeBytes);
}
