import { damageOf } from "../../error.ts";
import { isoTime } from "../iso-time.ts";
import type { Detail } from "../volume.ts";
import { type LogicalVolume, type Segment, segmentParts } from "./group.ts";
import type { OpenedGroup } from "./opened-group.ts";
import { raidFacts } from "./raid/segment.ts";
import type { Roles } from "./roles.ts";
import { areaPairs } from "./segment.ts";
import { readStore } from "./snapshot/store.ts";
import { thinFacts } from "./thin/segment.ts";

const SECTOR_BYTES = 512;

/** What `lvs -a --segments -o +devices` tells of a volume, in words. What cannot be read says why in its place. */
export function volumeDetails(opened: OpenedGroup, volume: LogicalVolume, roles: Roles): readonly Detail[] {
  const details: Detail[] = [];
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== "") details.push({ name, value });
  };
  const attempt = (name: string, value: () => string | undefined) => {
    try {
      add(name, value());
    } catch (error) {
      add(name, damageOf(error).message);
    }
  };
  const snapshot = roles.snapshots.get(volume.name);
  add("layout", [...new Set(volume.segments.map(layout))].join(", "));
  add("origin", snapshot?.origin ?? volume.segments[0]?.fields.namesIn(["origin", "external_origin"]).join(", "));
  if (snapshot !== undefined) {
    attempt("store", () => {
      const store = opened.open(snapshot.store);
      const { chunkBytes, usedBytes, exceptions } = readStore(store, snapshot.extentCount * opened.group.extentBytes);
      return `${percent(usedBytes, store.sizeBytes)} of ${store.sizeBytes} bytes used, ${exceptions.count} chunks of ${chunkBytes} bytes`;
    });
  }
  for (const segment of volume.segments) {
    if (segment.type === "thin") attempt("thin", () => thinFacts(opened.contextOf(volume, segment)));
    attempt("segment", () => segmentLine(segment));
    attempt("degraded", () => raidFacts(opened.contextOf(volume, segment)).join("; "));
  }
  add("tags", volume.tags.join(", "));
  if (volume.creationTime !== undefined) {
    const host = volume.creationHost === undefined ? "" : ` on ${volume.creationHost}`;
    attempt("created", () => `${isoTime(volume.creationTime ?? 0)}${host}`);
  }
  add("damage", volume.damage?.message);
  return details;
}

/** "linear", "striped", or the type itself. */
export function layout({ type, fields }: Segment): string {
  return type === "striped" && areaPairs(fields.list("stripes")).length === 1 ? "linear" : type;
}

function segmentLine(segment: Segment): string {
  const { startExtent, extentCount, fields } = segment;
  const facts = [`extents ${startExtent} to ${startExtent + extentCount - 1}`, layout(segment)];
  const stripeBytes = (fields.optionalInteger("stripe_size") ?? 0) * SECTOR_BYTES;
  if (stripeBytes > 0) facts.push(`stripes of ${stripeBytes} bytes`);
  const chunkBytes = (fields.optionalInteger("chunk_size") ?? 0) * SECTOR_BYTES;
  if (chunkBytes > 0) facts.push(`chunks of ${chunkBytes} bytes`);
  const regionBytes = (fields.optionalInteger("region_size") ?? 0) * SECTOR_BYTES;
  if (regionBytes > 0) facts.push(`regions of ${regionBytes} bytes`);
  const areas = [...areaPairs(fields.list("stripes")), ...areaPairs(fields.list("mirrors"))];
  const parts = areas.length > 0 ? areas.map(({ name, startExtent: start }) => `${name}(${start})`) : segmentParts(segment);
  if (parts.length > 0) facts.push(`on ${parts.join(", ")}`);
  return facts.join(", ");
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;
}
