import { damageOf, NomountError } from "../../error.ts";
import type { Segment, VolumeGroup } from "./group.ts";
import { type Area, areaPairs } from "./segment.ts";

/** Lists in a segment that may name physical volumes: alternating names and first extents. */
const AREA_LISTS = ["stripes", "mirrors"];

interface Allocated {
  readonly volume: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Volumes that claim the same extents of a physical volume, or extents that it does not have, each with what is wrong. Which of two
 * is right cannot be known, so neither may be read.
 */
export function misallocated(group: VolumeGroup): ReadonlyMap<string, NomountError> {
  const byPhysical = new Map<string, Allocated[]>();
  const wrong = new Map<string, NomountError>();
  const refuse = (volume: string, what: string) => {
    if (!wrong.has(volume)) wrong.set(volume, new NomountError("corrupt", `lvm2: ${group.name}/${volume}: ${what}`));
  };
  for (const [volume, { segments }] of group.logicalVolumes) {
    for (const segment of segments) {
      for (const list of AREA_LISTS) {
        const areas = areasOf(segment, list);
        // Stripes share the segment's extents out; every mirror leg has all of them.
        const extents = list === "stripes" ? Math.floor(segment.extentCount / Math.max(1, areas.length)) : segment.extentCount;
        for (const { name, startExtent: start } of areas) {
          const physical = group.physicalVolumes.get(name);
          if (physical === undefined) continue;
          if (start + extents > physical.extentCount) {
            refuse(volume, `extents ${start} to ${start + extents} of ${name}, which has ${physical.extentCount}`);
            continue;
          }
          const allocated = byPhysical.get(name) ?? [];
          byPhysical.set(name, allocated);
          allocated.push({ volume, start, end: start + extents });
        }
      }
    }
  }
  for (const [name, allocated] of byPhysical) {
    allocated.sort((a, b) => a.start - b.start);
    let before: Allocated | undefined;
    for (const one of allocated) {
      if (before !== undefined && one.start < before.end) {
        refuse(one.volume, `extent ${one.start} of ${name} belongs to ${before.volume} too`);
        refuse(before.volume, `extent ${one.start} of ${name} belongs to ${one.volume} too`);
      }
      if (before === undefined || one.end > before.end) before = one;
    }
  }
  return wrong;
}

/** A list that is none is left to the opener of the segment, which says so. */
function areasOf(segment: Segment, list: string): readonly Area[] {
  try {
    return areaPairs(segment.fields.list(list));
  } catch (error) {
    damageOf(error);
    return [];
  }
}
