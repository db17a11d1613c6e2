import { NomountError, type Warn } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { LogicalVolume, Segment, VolumeGroup } from "./group.ts";

/** What an opener of one type of segment is given. */
export interface SegmentContext {
  readonly group: VolumeGroup;
  readonly volume: LogicalVolume;
  readonly segment: Segment;
  /** Of the volume, for messages: "vg0/root". */
  readonly label: string;
  readonly lengthBytes: number;
  /** The one leg of a mirror that is to be read. */
  readonly leg: number | undefined;
  /**
   * A stretch of a physical volume, or of another logical volume, from an extent on. What is not present or lies past the end is
   * missing in it, with the reason; a name that the group does not know throws `corrupt`.
   */
  area(name: string, startExtent: number, lengthBytes: number): BlockSource;
  /** All of another logical volume of the group, as its own segments map it: snapshots of it, or its merging, do not count. */
  sibling(name: string): BlockSource;
  /** Whether a logical volume lies, in part or whole, on physical volumes that are missing. */
  partial(name: string): boolean;
  readonly warn: Warn;
}

/** The segment's bytes as a source of `lengthBytes`. Throws when it cannot be had at all: `corrupt`, `unsupported`. */
export type SegmentOpener = (context: SegmentContext) => BlockSource;

/** An error about one volume, in the one form of message. */
export function volumeError(kind: "corrupt" | "unsupported" | "source", label: string, what: string): NomountError {
  return new NomountError(kind, `lvm2: ${label}: ${what}`);
}

/** A stretch of another volume: its name and the first extent there. */
export interface Area {
  readonly name: string;
  readonly startExtent: number;
}

/** A list of alternating names and first extents, as `stripes` and `mirrors` are. Throws `corrupt` when it is none. */
export function areaList(context: SegmentContext, key: string): readonly Area[] {
  const list = context.segment.fields.list(key);
  const areas = areaPairs(list);
  if (areas.length * 2 !== list.length) {
    throw volumeError("corrupt", context.label, `${key}: expected a list of names and extents`);
  }
  return areas;
}

/** The pairs of such a list that are whole. */
export function areaPairs(list: readonly (number | string)[]): readonly Area[] {
  const areas: Area[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const [name, startExtent] = [list[i], list[i + 1]];
    if (typeof name === "string" && typeof startExtent === "number" && Number.isSafeInteger(startExtent) && startExtent >= 0) {
      areas.push({ name, startExtent });
    }
  }
  return areas;
}
