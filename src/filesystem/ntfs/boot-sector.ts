import { hex, NomountError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { bootSector } from "./layout.ts";

/** The measures of a volume, as its boot sector gives them. */
export interface Geometry {
  readonly sectorBytes: number;
  readonly clusterBytes: number;
  readonly clusterCount: number;
  readonly sectorCount: number;
  readonly recordBytes: number;
  readonly indexBlockBytes: number;
  readonly mftLcn: number;
  readonly mftMirrorLcn: number;
  readonly serial: bigint;
  /** Where the boot sector lies that said so. */
  readonly bootSectorBytes: number;
}

/** Sector sizes that Windows formats. */
const SECTOR_SIZES = [512, 1024, 2048, 4096];
/** The largest that Windows formats (since 10, version 1709). */
const MAX_CLUSTER_BYTES = 2 * 1024 * 1024;
/** Records are 1 or 4 KiB and index blocks 4 KiB in practice; what is larger than a page of the log was never seen. */
const MAX_RECORD_BYTES = 64 * 1024;

/** Whether the bytes are a boot sector of NTFS by their marks. */
export function hasBootMarks(sector: Uint8Array): boolean {
  const boot = bootSector.view(sector);
  return String.fromCharCode(...boot.oemId) === "NTFS    " && boot.endMark === 0xaa55;
}

/** Throws `corrupt` naming the field, what was expected and what was found. */
export function parseBootSector(sector: Uint8Array, source: BlockSource, offsetBytes: number): Geometry {
  const boot = bootSector.view(sector);
  const refuse = (field: keyof typeof boot & string, problem: string): never => {
    const where = { label: source.label, offsetBytes: offsetBytes + bootSector.offsetOf(field) };
    throw new NomountError("corrupt", `ntfs: boot sector: ${problem}`, { where });
  };
  if (!hasBootMarks(sector)) refuse("oemId", 'expected the marks "NTFS    " and 0xaa55');
  const sectorBytes = boot.bytesPerSector;
  if (!SECTOR_SIZES.includes(sectorBytes))
    refuse("bytesPerSector", `expected a sector of 512 to 4096 bytes, found ${sectorBytes}`);
  const perCluster = boot.sectorsPerCluster;
  const clusterBytes = sectorBytes * (perCluster > 0x80 ? 2 ** (256 - perCluster) : perCluster);
  if (!isPowerOfTwo(clusterBytes) || clusterBytes > MAX_CLUSTER_BYTES)
    refuse("sectorsPerCluster", `expected clusters of 512 bytes to 2 MiB, found ${hex(perCluster)} sectors`);
  const sizeOf = (field: "clustersPerRecord" | "clustersPerIndexBlock", least: number): number => {
    const count = boot[field];
    const bytes = count < 0 ? 2 ** -count : count * clusterBytes;
    if (!isPowerOfTwo(bytes) || bytes < least || bytes > MAX_RECORD_BYTES)
      refuse(field, `expected a power of two of ${least} to ${MAX_RECORD_BYTES} bytes, found ${count}`);
    return bytes;
  };
  const recordBytes = sizeOf("clustersPerRecord", 512);
  const indexBlockBytes = sizeOf("clustersPerIndexBlock", 512);
  if (boot.totalSectors === 0n || boot.totalSectors * BigInt(sectorBytes) > BigInt(Number.MAX_SAFE_INTEGER))
    refuse("totalSectors", `expected a count of sectors below 2^53 bytes, found ${hex(boot.totalSectors)}`);
  const sectorCount = Number(boot.totalSectors);
  const clusterCount = Math.floor((sectorCount * sectorBytes) / clusterBytes);
  const lcnOf = (field: "mftLcn" | "mftMirrorLcn"): number => {
    if (boot[field] >= BigInt(clusterCount))
      refuse(field, `expected a cluster below ${clusterCount}, found ${hex(boot[field])}`);
    return Number(boot[field]);
  };
  return {
    sectorBytes,
    clusterBytes,
    clusterCount,
    sectorCount,
    recordBytes,
    indexBlockBytes,
    mftLcn: lcnOf("mftLcn"),
    mftMirrorLcn: mirrorLcn(boot.mftMirrorLcn, clusterCount),
    serial: boot.serial,
    bootSectorBytes: offsetBytes,
  };
}

/**
 * The boot sector's copy, which lies in the last sector of the partition: found by looking there for each sector size. It
 * counts only if it says itself that it lies there, since the end of a disk is the end of its last partition too.
 */
export function findBackupBootSector(source: BlockSource): Geometry | undefined {
  for (const sectorBytes of SECTOR_SIZES) {
    const offsetBytes = (Math.floor(source.sizeBytes / sectorBytes) - 1) * sectorBytes;
    if (offsetBytes <= 0) continue;
    const sector = new Uint8Array(bootSector.sizeBytes);
    source.readSync(sector, offsetBytes);
    if (!hasBootMarks(sector)) continue;
    const geometry = geometryOrUndefined(sector, source, offsetBytes);
    if (geometry !== undefined && geometry.sectorCount * geometry.sectorBytes === offsetBytes) return geometry;
  }
  return undefined;
}

function geometryOrUndefined(sector: Uint8Array, source: BlockSource, offsetBytes: number): Geometry | undefined {
  try {
    return parseBootSector(sector, source, offsetBytes);
  } catch (error) {
    if (error instanceof NomountError && error.kind === "corrupt") return undefined;
    throw error;
  }
}

/** Only needed where $MFT is damaged, so a wrong one is no reason to refuse the volume: -1 then. */
function mirrorLcn(lcn: bigint, clusterCount: number): number {
  return lcn < BigInt(clusterCount) ? Number(lcn) : -1;
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}
