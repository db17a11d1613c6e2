import { NomountError } from "../../error.ts";
import type { ConfigSection } from "./section.ts";

/** A volume group as one metadata text describes it (lib/format_text/import_vsn1.c, lvm2 2.03). */
export interface VolumeGroup {
  readonly name: string;
  /** Without dashes. */
  readonly uuid: string;
  /** Grows by one with every change. */
  readonly seqno: number;
  /** "RESIZEABLE", "EXPORTED", "CLUSTERED" ... */
  readonly status: readonly string[];
  readonly tags: readonly string[];
  readonly extentBytes: number;
  readonly systemId: string | undefined;
  /** By the names they have in the text alone: "pv0", "pv1" ... */
  readonly physicalVolumes: ReadonlyMap<string, PhysicalVolume>;
  /** All of them, hidden ones included, in the order of the text. */
  readonly logicalVolumes: ReadonlyMap<string, LogicalVolume>;
  /** What was written to the text and when: "Created *after* executing 'lvcreate ...'"; seconds since 1970. */
  readonly description: string | undefined;
  readonly creationHost: string | undefined;
  readonly creationTime: number | undefined;
}

export interface PhysicalVolume {
  readonly name: string;
  readonly uuid: string;
  /** Under what name the machine that wrote the text last knew the device. */
  readonly deviceHint: string | undefined;
  /** "ALLOCATABLE", "EXPORTED"; and "MISSING" while the group does without it. */
  readonly status: readonly string[];
  readonly tags: readonly string[];
  readonly deviceBytes: number | undefined;
  readonly extentsStartBytes: number;
  readonly extentCount: number;
}

export interface LogicalVolume {
  readonly name: string;
  readonly uuid: string;
  /** "READ", "WRITE", "VISIBLE", "FIXED_MINOR", "LV_NOTSYNCED", "LV_WRITEMOSTLY" ... */
  readonly status: readonly string[];
  readonly tags: readonly string[];
  readonly creationTime: number | undefined;
  readonly creationHost: string | undefined;
  /** Ascending and without gaps. Empty when `damage` says why they are not. */
  readonly segments: readonly Segment[];
  readonly extentCount: number;
  /** What is wrong with this volume's part of the text; the rest of the group stands. */
  readonly damage: NomountError | undefined;
}

/** A stretch of a logical volume with one way of mapping. */
export interface Segment {
  readonly startExtent: number;
  readonly extentCount: number;
  /** "striped", "snapshot", "thin", "raid5_ls" ...; what follows a "+" in the text are flags. */
  readonly type: string;
  readonly flags: readonly string[];
  readonly fields: ConfigSection;
}

const SECTOR_BYTES = 512;

/** Where segments name what they are made of. The origin of a thin volume is history, not a part. */
const PARTS = ["stripes", "mirrors", "mirror_log", "raids", "raid0_lvs", "pool", "metadata", "thin_pool", "external_origin"];
const CACHE_PARTS = ["origin", "cache_pool", "data", "writecache", "meta_dev"];

/** The physical and logical volumes that a segment is made of, by name. */
export function segmentParts({ type, fields }: Segment): readonly string[] {
  return fields.namesIn(type === "thin" || type === "snapshot" ? PARTS : [...PARTS, ...CACHE_PARTS]);
}

/** Of a parsed text, the group. Throws `corrupt` where what all volumes need is wrong. */
export function volumeGroup(text: ConfigSection): VolumeGroup {
  const [found, another] = [...text.sections()];
  if (found === undefined || another !== undefined) throw wrong(text, "expected one volume group");
  const [name, section] = found;
  const contents = text.optionalString("contents");
  if (contents !== undefined && contents !== "Text Format Volume Group")
    throw wrong(text, `contents is ${JSON.stringify(contents)}`);
  const version = text.optionalInteger("version");
  if (version !== undefined && version !== 1) {
    throw new NomountError("unsupported", `lvm2: metadata text: version ${version}: expected 1`, {
      where: { label: text.label },
    });
  }
  const extentBytes = section.integer("extent_size") * SECTOR_BYTES;
  if (extentBytes === 0 || !Number.isSafeInteger(extentBytes)) throw wrong(section, `extent_size ${extentBytes}`);
  const physicalVolumes = new Map<string, PhysicalVolume>();
  for (const [pvName, pv] of section.section("physical_volumes").sections()) {
    physicalVolumes.set(pvName, physicalVolume(pvName, pv, extentBytes));
  }
  const logicalVolumes = new Map<string, LogicalVolume>();
  for (const [lvName, lv] of section.optionalSection("logical_volumes")?.sections() ?? []) {
    logicalVolumes.set(lvName, logicalVolume(lvName, lv, extentBytes));
  }
  return {
    name,
    uuid: uuidOf(section),
    seqno: section.integer("seqno"),
    status: section.strings("status"),
    tags: section.strings("tags"),
    extentBytes,
    systemId: section.optionalString("system_id"),
    physicalVolumes,
    logicalVolumes,
    description: text.optionalString("description"),
    creationHost: text.optionalString("creation_host"),
    creationTime: text.optionalInteger("creation_time"),
  };
}

function physicalVolume(name: string, section: ConfigSection, extentBytes: number): PhysicalVolume {
  const deviceSectors = section.optionalInteger("dev_size");
  const pv = {
    name,
    uuid: uuidOf(section),
    deviceHint: section.optionalString("device"),
    status: [...section.strings("status"), ...section.strings("flags")],
    tags: section.strings("tags"),
    deviceBytes: deviceSectors === undefined ? undefined : deviceSectors * SECTOR_BYTES,
    extentsStartBytes: section.integer("pe_start") * SECTOR_BYTES,
    extentCount: section.integer("pe_count"),
  };
  if (!Number.isSafeInteger(pv.extentsStartBytes + pv.extentCount * extentBytes)) {
    throw wrong(section, `${pv.extentCount} extents of ${extentBytes} bytes reach past 2^53`);
  }
  return pv;
}

function logicalVolume(name: string, section: ConfigSection, extentBytes: number): LogicalVolume {
  let damage: NomountError | undefined;
  const attempt = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof NomountError)) throw error;
      damage ??= error;
      return otherwise;
    }
  };
  const segments = attempt(() => segmentsOf(section, extentBytes), []);
  const last = segments.at(-1);
  return {
    name,
    uuid: attempt(() => uuidOf(section), ""),
    status: attempt(() => [...section.strings("status"), ...section.strings("flags")], []),
    tags: attempt(() => section.strings("tags"), []),
    creationTime: attempt(() => section.optionalInteger("creation_time"), undefined),
    creationHost: attempt(() => section.optionalString("creation_host"), undefined),
    segments,
    extentCount: last === undefined ? 0 : last.startExtent + last.extentCount,
    damage,
  };
}

function segmentsOf(section: ConfigSection, extentBytes: number): readonly Segment[] {
  const segments: Segment[] = [];
  for (const [key, fields] of section.sections()) {
    if (!/^segment\d+$/.test(key)) continue;
    const [type = "", ...flags] = fields.string("type").split("+");
    const { startExtent, extentCount } = {
      startExtent: fields.integer("start_extent"),
      extentCount: fields.integer("extent_count"),
    };
    segments.push({ startExtent, extentCount, type, flags, fields });
  }
  const count = section.integer("segment_count");
  if (count !== segments.length) throw wrong(section, `segment_count is ${count}, found ${segments.length} segments`);
  segments.sort((a, b) => a.startExtent - b.startExtent);
  let end = 0;
  for (const { startExtent, extentCount, fields } of segments) {
    if (extentCount === 0) throw wrong(fields, "extent_count is 0");
    if (startExtent !== end)
      throw wrong(
        fields,
        `it ${startExtent < end ? "overlaps the segment before it" : "leaves a gap"}: expected start_extent ${end}, found ${startExtent}`,
      );
    end = startExtent + extentCount;
    if (!Number.isSafeInteger(end * extentBytes)) throw wrong(fields, `${end} extents of ${extentBytes} bytes reach past 2^53`);
  }
  return segments;
}

function uuidOf(section: ConfigSection): string {
  const uuid = section.string("id").replaceAll("-", "");
  if (!/^[A-Za-z0-9!#]{32}$/.test(uuid)) throw wrong(section, `id ${JSON.stringify(section.string("id"))} is no UUID`);
  return uuid;
}

function wrong(section: ConfigSection, what: string): NomountError {
  const path = section.path === "" ? "" : `${section.path}: `;
  return new NomountError("corrupt", `lvm2: metadata text: ${path}${what}`, { where: { label: section.label } });
}
