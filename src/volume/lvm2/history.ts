import { damageOf } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { TableVersion } from "../volume.ts";
import { type VolumeGroup, volumeGroup } from "./group.ts";
import type { PhysicalLabel } from "./label.ts";
import { type RawText, ringTexts } from "./metadata-area.ts";
import { rolesIn } from "./roles.ts";
import { parseConfig } from "./text.ts";

/** The texts of a group in the rings of its physical volumes, oldest first, each seqno once. Damaged areas give none. */
export function historyOf(uuid: string, labels: readonly PhysicalLabel[]): readonly TableVersion[] {
  const versions = new Map<number, TableVersion>();
  for (const group of textsOf(uuid, labels)) {
    const { records, snapshots } = rolesIn(group);
    const volumes = [...group.logicalVolumes.values()].filter(
      ({ name, status }) => (snapshots.get(name)?.visible ?? status.includes("VISIBLE")) && !records.has(name),
    );
    versions.set(group.seqno, {
      seqno: group.seqno,
      writtenAt: group.creationTime,
      description: group.description,
      volumes: volumes.map(({ name }) => name),
    });
  }
  return [...versions.values()].sort((a, b) => a.seqno - b.seqno);
}

/** Every text of a group that is whole, current or older, in no order. */
export function* textsOf(uuid: string, labels: readonly PhysicalLabel[]): Generator<VolumeGroup> {
  for (const { source, metadataAreas } of labels) {
    for (const area of metadataAreas) {
      for (const raw of texts(source, area)) {
        const group = wholeGroup(source, raw);
        if (group?.uuid === uuid) yield group;
      }
    }
  }
}

function texts(source: BlockSource, area: PhysicalLabel["metadataAreas"][number]): readonly RawText[] {
  try {
    return ringTexts(source, area);
  } catch (error) {
    damageOf(error);
    return [];
  }
}

/** The group of a text, or undefined where a later text has overwritten a part of it: the time is its last line. */
function wholeGroup(source: BlockSource, raw: RawText): VolumeGroup | undefined {
  try {
    const group = volumeGroup(parseConfig(raw.bytes, source.label, raw.offsetBytes));
    return group.creationTime === undefined ? undefined : group;
  } catch (error) {
    damageOf(error);
    return undefined;
  }
}
