import { damageOf, NomountError, type Warn } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { separateCopies } from "../separate.ts";
import type { VolumeOptions } from "../volume.ts";
import { type VolumeGroup, volumeGroup } from "./group.ts";
import { textsOf } from "./history.ts";
import { dashed, type PhysicalLabel, readLabel } from "./label.ts";
import { currentText } from "./metadata-area.ts";
import { parseConfig } from "./text.ts";

/** A volume group and those of its physical volumes that are there. */
export interface AssembledGroup {
  readonly group: VolumeGroup;
  /** By the name that the text gives them. */
  readonly physical: ReadonlyMap<string, PhysicalLabel>;
}

/** Everything that was found on physical volumes. */
export interface Assembly {
  readonly groups: readonly AssembledGroup[];
  /** Physical volumes of no group that is known. */
  readonly orphans: readonly PhysicalLabel[];
}

/** A physical volume with the texts on it, by what they say. */
interface Member {
  readonly label: PhysicalLabel;
  /** The newest of its areas; undefined where it carries none. */
  readonly text: VolumeGroup | undefined;
}

/**
 * Reads labels and metadata and puts each physical volume into its group. `sources` have labels. What cannot be read goes to
 * `warn`, and the rest is put together without it. `atSeqno` takes an older text from the rings.
 */
export function assemble(sources: readonly BlockSource[], { atSeqno, around }: VolumeOptions, warn: Warn): Assembly {
  const members: Member[] = [];
  const parsed: Parsed = new Map();
  for (const source of sources) {
    try {
      const label = readLabel(source);
      members.push({ label, text: newestText(label, parsed, warn) });
    } catch (error) {
      warn(damageOf(error));
    }
  }
  const groups: AssembledGroup[] = [];
  const taken = new Set<PhysicalLabel>();
  for (const uuid of new Set(members.flatMap(({ text }) => text?.uuid ?? []))) {
    const own = members.filter(({ text }) => text?.uuid === uuid);
    const listed = new Set(own.flatMap(({ text }) => [...(text?.physicalVolumes.values() ?? [])].map((pv) => pv.uuid)));
    // Without a text of its own a physical volume belongs to the group that lists it.
    const bare = members.filter(({ label, text }) => text === undefined && listed.has(label.uuid));
    for (const set of separateCopies(
      [...own, ...bare].map(({ label }) => label),
      around,
    )) {
      const within = own.filter(({ label }) => set.includes(label));
      const newest = within.map(({ text }) => text).reduce(newer, undefined);
      if (newest === undefined) continue;
      const group = atSeqno === undefined ? newest : asItWas(newest, within, atSeqno, warn);
      const physical = new Map<string, PhysicalLabel>();
      for (const pv of group.physicalVolumes.values()) {
        const label = set.find((one) => one.uuid === pv.uuid);
        if (label === undefined) continue;
        physical.set(pv.name, label);
        taken.add(label);
        if (pv.deviceBytes !== undefined && label.source.sizeBytes < pv.deviceBytes) {
          warn(smaller(group, pv.name, pv.deviceBytes, label));
        }
      }
      groups.push({ group, physical });
    }
  }
  return { groups, orphans: members.map(({ label }) => label).filter((label) => !taken.has(label)) };
}

/** Texts that were parsed, by checksum: the same one lies on every physical volume of a group, and once is enough. */
type Parsed = Map<number, { readonly bytes: Uint8Array; readonly group: VolumeGroup }>;

function newestText(label: PhysicalLabel, parsed: Parsed, warn: Warn): VolumeGroup | undefined {
  let newest: VolumeGroup | undefined;
  for (const area of label.metadataAreas) {
    try {
      const raw = currentText(label.source, area);
      if (raw === undefined) continue;
      const known = parsed.get(raw.checksum);
      const same = known !== undefined && equalBytes(known.bytes, raw.bytes);
      const group = same ? known.group : volumeGroup(parseConfig(raw.bytes, label.source.label, raw.offsetBytes));
      if (!same) parsed.set(raw.checksum, { bytes: raw.bytes, group });
      newest = newer(newest, group);
    } catch (error) {
      warn(damageOf(error));
    }
  }
  return newest;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function newer(a: VolumeGroup | undefined, b: VolumeGroup | undefined): VolumeGroup | undefined {
  return a === undefined || (b !== undefined && b.seqno > a.seqno) ? b : a;
}

/** The group as an older text has it; the newest where another group is meant. */
function asItWas(
  newest: VolumeGroup,
  members: readonly Member[],
  { seqno, group }: NonNullable<VolumeOptions["atSeqno"]>,
  warn: Warn,
): VolumeGroup {
  if (group !== undefined && ![newest.name, newest.uuid, dashed(newest.uuid)].includes(group)) return newest;
  const labels = members.map(({ label }) => label);
  for (const older of textsOf(newest.uuid, labels)) if (older.seqno === seqno) return older;
  const error = new NomountError(
    "usage",
    `lvm2: ${newest.name}: no metadata text with seqno ${seqno}: the newest is ${newest.seqno}; info --history lists the others`,
  );
  if (group !== undefined) throw error;
  warn(error);
  return newest;
}

function smaller(group: VolumeGroup, name: string, deviceBytes: number, { source, uuid }: PhysicalLabel): NomountError {
  return new NomountError(
    "corrupt",
    `lvm2: ${group.name}: physical volume ${name} (id ${dashed(uuid)}) had ${deviceBytes} bytes: ${source.label} has ${source.sizeBytes}`,
  );
}
