import { damageOf, type Warn } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { isoTime } from "../iso-time.ts";
import type { Detail, Volume, VolumeDriver, VolumeOptions, VolumeTable } from "../volume.ts";
import { type AssembledGroup, assemble } from "./assemble.ts";
import { volumeDetails } from "./details.ts";
import type { LogicalVolume } from "./group.ts";
import { historyOf } from "./history.ts";
import { dashed, hasLabel } from "./label.ts";
import { OpenedGroup } from "./opened-group.ts";
import { presented } from "./presented.ts";
import { raidFacts } from "./raid/segment.ts";
import { type Roles, rolesIn } from "./roles.ts";

/** Volume groups: takes all physical volumes there are at once, and makes a table of each group. */
export const lvm2Driver: VolumeDriver = {
  scheme: "lvm2",
  joins: true,
  probe: (source) => hasLabel(source),
  open: openGroups,
};

/** Segments whose volumes are room for others, and nothing by themselves. */
const POOLS = new Set(["thin-pool", "cache-pool", "vdo-pool"]);

function openGroups(sources: readonly BlockSource[], options: VolumeOptions, warn: Warn): readonly VolumeTable[] {
  const { groups } = assemble(sources, options, warn);
  return groups.map((assembled) => {
    const { name, uuid } = assembled.group;
    const twin = groups.some(({ group }) => group.name === name && group.uuid !== uuid);
    return volumeTable(assembled, twin ? `${name}@${uuid.slice(0, 6)}` : name, options, warn);
  });
}

function volumeTable({ group, physical }: AssembledGroup, name: string, { legs }: VolumeOptions, warn: Warn): VolumeTable {
  const sources = new Map([...physical].map(([pv, { source }]) => [pv, source]));
  const opened = new OpenedGroup(group, name, sources, legs, warn);
  const missing = opened.missing();
  const roles = rolesIn(group);
  for (const { damage } of group.logicalVolumes.values()) if (damage !== undefined) warn(damage);
  const volumes = [...group.logicalVolumes.values()].filter((volume) => !roles.records.has(volume.name));
  return {
    scheme: "lvm2",
    label: name,
    uuid: dashed(group.uuid),
    sectorBytes: undefined,
    sources: [...sources.values()],
    certain: true,
    notes: missing.map((pv) => `physical volume ${pv.name} (${dashed(pv.uuid)}) is missing`),
    ...(missing.length === 0 ? {} : { missing: missing.map((pv) => opened.missingError(pv)) }),
    volumes: volumes.map((volume) => volumeOf(opened, volume, roles)),
    details: () => groupDetails(opened, physical),
    history: () => historyOf(group.uuid, [...physical.values()]),
  };
}

function volumeOf(opened: OpenedGroup, volume: LogicalVolume, roles: Roles): Volume {
  const flags = flagsOf(opened, volume, roles);
  const hidden = !(roles.snapshots.get(volume.name)?.visible ?? volume.status.includes("VISIBLE"));
  return {
    name: `${opened.label}/${volume.name}`,
    source: presented(opened, volume, roles),
    startBytes: undefined,
    type: undefined,
    label: undefined,
    uuid: volume.uuid === "" ? undefined : dashed(volume.uuid),
    bootable: false,
    flags,
    legCount: legCount(volume),
    container: hidden || volume.segments.some(({ type }) => POOLS.has(type)),
    hidden,
    snapshotOf: roles.snapshots.get(volume.name)?.origin ?? thinOrigin(volume),
    details: () => [
      ...(flags.length === 0 ? [] : [{ name: "flags", value: flags.join(", ") }]),
      ...volumeDetails(opened, volume, roles),
    ],
  };
}

/** In the words of lvs: what makes a volume other than a plain, whole, writable one. */
function flagsOf(opened: OpenedGroup, volume: LogicalVolume, roles: Roles): readonly string[] {
  const flags: string[] = [];
  const snapshot = roles.snapshots.get(volume.name);
  if (snapshot !== undefined)
    flags.push(snapshot.merging ? `merging into ${snapshot.origin}` : `snapshot of ${snapshot.origin}`);
  const merging = roles.merging.get(volume.name)?.store ?? roles.thinMerging.get(volume.name);
  if (merging !== undefined) flags.push(`with ${merging} merged`);
  const origin = thinOrigin(volume);
  if (origin !== undefined) flags.push(`snapshot of ${origin}`);
  if (!volume.status.includes("WRITE")) flags.push("read-only");
  if (degraded(opened, volume)) flags.push("degraded");
  else if (opened.partial(volume.name) || (snapshot !== undefined && opened.partial(snapshot.origin))) flags.push("partial");
  if (volume.damage !== undefined) flags.push("damaged");
  return flags;
}

/** Of a mirror, of whatever kind. */
function legCount({ segments }: LogicalVolume): number | undefined {
  const counts = segments.map(({ type, fields }) => {
    if (type === "raid1") return Math.floor(fields.namesIn(["raids"]).length / 2);
    return type === "mirror" ? fields.namesIn(["mirrors"]).length : 0;
  });
  const least = Math.min(...counts);
  return counts.length > 0 && least > 0 ? least : undefined;
}

/** Whether a raid does without some of its devices; one that cannot be judged says why when it is read. */
function degraded(opened: OpenedGroup, volume: LogicalVolume): boolean {
  try {
    return volume.segments.some((segment) => raidFacts(opened.contextOf(volume, segment)).length > 0);
  } catch (error) {
    damageOf(error);
    return false;
  }
}

/** The thin volume that a thin volume is a snapshot of. */
function thinOrigin({ segments: [segment] }: LogicalVolume): string | undefined {
  return segment?.type === "thin" ? segment.fields.namesIn(["origin"])[0] : undefined;
}

/** What `vgs` and `pvs` tell. */
function groupDetails({ group }: OpenedGroup, physical: AssembledGroup["physical"]): readonly Detail[] {
  const details: Detail[] = [{ name: "seqno", value: String(group.seqno) }];
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== "") details.push({ name, value });
  };
  add("extent size", `${group.extentBytes} bytes`);
  add("status", group.status.join(", "));
  add("tags", group.tags.join(", "));
  add("system id", group.systemId);
  if (group.creationTime !== undefined) add("written", isoTime(group.creationTime));
  add("by", group.description);
  for (const pv of group.physicalVolumes.values()) {
    const label = physical.get(pv.name);
    const place = label === undefined ? `missing, last seen as ${pv.deviceHint ?? "nothing"}` : label.source.label;
    const areas = label === undefined ? "" : `, ${label.metadataAreas.length} metadata areas`;
    const status = pv.status.filter((word) => word !== "ALLOCATABLE").map((word) => `, ${word}`);
    add(
      pv.name,
      `${place}: ${dashed(pv.uuid)}, ${pv.extentCount} extents from byte ${pv.extentsStartBytes}${areas}${status.join("")}`,
    );
  }
  return details;
}
