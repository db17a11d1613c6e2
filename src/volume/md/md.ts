import { damageOf, type Warn } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { missingSource } from "../lazy-source.ts";
import type { Volume, VolumeDriver, VolumeOptions, VolumeTable } from "../volume.ts";
import { type Assembled, arrayError, assemble, hasDevice, legsOf } from "./assemble.ts";
import { arrayDetails, levelDetails, levelName } from "./details.ts";
import { type OpenedArray, openArray } from "./levels.ts";
import type { Member } from "./member.ts";
import { findSuperblock } from "./superblock.ts";

/** Linux RAID: takes all members there are at once, and makes a table of each array, with one volume in it. */
export const mdDriver: VolumeDriver = {
  scheme: "md",
  joins: true,
  ownsContent: true,
  probe: (source) => findSuperblock(source) !== undefined,
  open(sources: readonly BlockSource[], options: VolumeOptions, warn: Warn): readonly VolumeTable[] {
    const arrays = assemble(sources, options, warn);
    return arrays.map((array) => {
      const { arrayUuid } = array.newest;
      const name = nameOf(array.newest);
      const twin = arrays.some(({ newest }) => newest.arrayUuid !== arrayUuid && nameOf(newest) === name);
      const label = twin ? `${name}@${arrayUuid.slice(0, 6)}` : name;
      return arrayTable(label, array, options.legs?.get(label), warn);
    });
  },
};

/** "host:0" as "md0", "host:data" as "data", and the number of a 0.90 array in the same way. */
function nameOf({ arrayName }: Member): string {
  const name = arrayName.slice(arrayName.lastIndexOf(":") + 1);
  return /^\d*$/.test(name) ? `md${name}` : name.replaceAll("/", "_");
}

function arrayTable(label: string, array: Assembled, leg: number | undefined, warn: Warn): VolumeTable {
  const { newest, members } = array;
  const { source, legs } = opened(label, array, leg, warn);
  const reasons = legs.flatMap(({ reason }) => reason?.message ?? []);
  const missing = legs.flatMap((leg, place) => (leg.reason !== undefined && !hasDevice(array, place) ? [leg.reason] : []));
  const absent = legs.filter((leg) => leg.source === undefined).length;
  return {
    scheme: "md",
    label,
    uuid: newest.arrayUuid,
    sectorBytes: undefined,
    sources: members.map(({ member }) => member.source),
    certain: true,
    notes: reasons,
    ...(missing.length === 0 ? {} : { missing }),
    volumes: [volumeOf(label, array, source, reasons, absent)],
    details: () => arrayDetails(array),
  };
}

/** An array that cannot be read has all of its bytes missing, with the reason, and its members are still shown as what they are. */
function opened(label: string, array: Assembled, leg: number | undefined, warn: Warn): OpenedArray {
  try {
    if (array.newest.journaled) {
      warn(arrayError("unsupported", label, "it has a journal: what was written last may be in the journal alone"));
    }
    return openArray(label, array, leg);
  } catch (error) {
    const damage = damageOf(error);
    warn(damage);
    // At least so large: what cannot be read must not look empty.
    const largest = Math.max(...array.members.map(({ member }) => member.dataBytes));
    return { source: missingSource(label, largest, damage), legs: legsOf(label, array) };
  }
}

function volumeOf(label: string, array: Assembled, source: BlockSource, reasons: readonly string[], absent: number): Volume {
  const { level } = array.newest;
  const flags = [levelName(level)];
  if (reasons.length > 0) flags.push(level <= 0 && absent > 0 ? "partial" : "degraded");
  return {
    name: label,
    source,
    startBytes: undefined,
    type: undefined,
    label: undefined,
    uuid: undefined,
    bootable: false,
    flags,
    legCount: level === 1 ? array.newest.deviceCount : undefined,
    container: false,
    details: () => levelDetails(array, reasons),
  };
}
