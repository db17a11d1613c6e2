import { crc32Raw } from "../../bytes/crc32.ts";
import { safeNumber } from "../../bytes/int64.ts";
import { hex, NomountError, type Where } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import {
  CRC_INITIAL,
  diskArea,
  EXTENSION_USED,
  LABEL_ID,
  LABEL_SECTOR_BYTES,
  LABEL_SECTORS,
  LABEL_TYPE,
  labelHeader,
  physicalVolumeExtension,
  physicalVolumeHeader,
} from "./layout.ts";

/** A part of a device. */
export interface DiskArea {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** What a device says of itself: the physical volume's label and header. */
export interface PhysicalLabel {
  readonly source: BlockSource;
  /** Without dashes, 32 characters, as on disk. */
  readonly uuid: string;
  /** The sector the label was found in. */
  readonly sector: number;
  /** As recorded when the physical volume was made or resized. */
  readonly deviceBytes: number;
  /** Where extents lie; size 0 means "to the end". */
  readonly dataAreas: readonly DiskArea[];
  readonly metadataAreas: readonly DiskArea[];
  /** Some volume group uses it; undefined where the header is too old to say. */
  readonly used: boolean | undefined;
}

const AREA_BYTES = diskArea.sizeBytes;

/** Whether one of the first four sectors begins like an LVM2 label, whatever its checksum. */
export function hasLabel(source: BlockSource): boolean {
  const sectors = firstSectors(source);
  for (let at = 0; at < sectors.length; at += LABEL_SECTOR_BYTES) if (isLabel(sectors, at)) return true;
  return false;
}

/** Reads the label; throws `corrupt` with what is wrong with the first one, when none of them is whole. */
export function readLabel(source: BlockSource): PhysicalLabel {
  const sectors = firstSectors(source);
  let wrong: NomountError | undefined;
  for (let sector = 0; sector * LABEL_SECTOR_BYTES < sectors.length; sector++) {
    if (!isLabel(sectors, sector * LABEL_SECTOR_BYTES)) continue;
    try {
      return parseLabel(source, sectors.subarray(sector * LABEL_SECTOR_BYTES, (sector + 1) * LABEL_SECTOR_BYTES), sector);
    } catch (error) {
      if (!(error instanceof NomountError)) throw error;
      wrong ??= error;
    }
  }
  throw wrong ?? new NomountError("corrupt", "lvm2: no label in the first four sectors", { where: { label: source.label } });
}

/** A UUID as lvm2's tools print it: "2Svcy0-KnnQ-...". */
export function dashed(uuid: string): string {
  return [6, 10, 14, 18, 22, 26, 32].map((end, i, ends) => uuid.slice(i === 0 ? 0 : ends[i - 1], end)).join("-");
}

function firstSectors(source: BlockSource): Uint8Array {
  const sectors = Math.min(LABEL_SECTORS, Math.floor(source.sizeBytes / LABEL_SECTOR_BYTES));
  const bytes = new Uint8Array(sectors * LABEL_SECTOR_BYTES);
  if (bytes.length > 0) source.readSync(bytes, 0);
  return bytes;
}

function isLabel(bytes: Uint8Array, at: number): boolean {
  const label = labelHeader.view(bytes, at);
  return ascii(label.id) === LABEL_ID && ascii(label.type) === LABEL_TYPE;
}

function parseLabel(source: BlockSource, bytes: Uint8Array, sector: number): PhysicalLabel {
  const where: Where = { label: source.label, offsetBytes: sector * LABEL_SECTOR_BYTES };
  const wrong = (what: string) => new NomountError("corrupt", `lvm2: label: ${what}`, { where });
  const label = labelHeader.view(bytes);
  const checksum = crc32Raw(bytes.subarray(labelHeader.offsetOf("contentsOffset")), CRC_INITIAL);
  if (checksum !== label.checksum) {
    throw wrong(`checksum mismatch: expected ${hex(label.checksum, 8)}, found ${hex(checksum, 8)}`);
  }
  if (label.sector !== BigInt(sector)) throw wrong(`it names sector ${label.sector}, but lies in sector ${sector}`);
  const headerAt = label.contentsOffset;
  const header = physicalVolumeHeader.view(bytes, headerAt, where);
  const uuid = ascii(header.uuid);
  if (!/^[A-Za-z0-9!#]{32}$/.test(uuid)) throw wrong(`the physical volume's UUID is ${JSON.stringify(uuid)}`);
  const data = areaList(bytes, headerAt + physicalVolumeHeader.sizeBytes, where);
  const metadata = areaList(bytes, data.endBytes, where);
  return {
    source,
    uuid,
    sector,
    deviceBytes: safeNumber(header.deviceBytes, "lvm2: label: device size", where),
    dataAreas: data.areas,
    metadataAreas: metadata.areas,
    used: usedFlag(bytes, metadata.endBytes),
  };
}

/** Areas up to the empty one that ends the list. */
function areaList(bytes: Uint8Array, startBytes: number, where: Where): { areas: DiskArea[]; endBytes: number } {
  const areas: DiskArea[] = [];
  for (let at = startBytes; ; at += AREA_BYTES) {
    const area = diskArea.view(bytes, at, where);
    if (area.offset === 0n) return { areas, endBytes: at + AREA_BYTES };
    areas.push({
      offsetBytes: safeNumber(area.offset, "lvm2: label: offset of an area", where),
      sizeBytes: safeNumber(area.size, "lvm2: label: size of an area", where),
    });
  }
}

function usedFlag(bytes: Uint8Array, at: number): boolean | undefined {
  if (at + physicalVolumeExtension.sizeBytes > bytes.length) return undefined;
  const extension = physicalVolumeExtension.view(bytes, at);
  return extension.version === 0 ? undefined : (extension.flags & EXTENSION_USED) !== 0;
}

export function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
