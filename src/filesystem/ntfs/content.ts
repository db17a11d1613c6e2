import { NomountError, type Where } from "../../error.ts";
import type { BlockSource, Extent } from "../../source/block-source.ts";
import { MappedSource } from "../../source/mapped.ts";
import type { Attribute } from "./attribute.ts";
import { compressedExtents } from "./compressed-extents.ts";
import { type Clustered, runExtents } from "./run-extents.ts";
import { type Run, RunMap, type Segment } from "./run-map.ts";

/** Where an attribute was found. */
export interface Located {
  /** As messages name it: "FILE record 41: $DATA". */
  readonly title: string;
  /** What continues it in further records, in the order of the VCNs. */
  readonly rest: readonly Segment[];
  /** The record that holds it. */
  readonly where: () => Where;
}

const COMPRESSION = 0x00ff;
const LZNT1 = 1;
const ENCRYPTED = 0x4000;

/**
 * Value or clusters of an attribute as a source, which keeps nothing of the record. Throws `unsupported` for what is
 * encrypted, `corrupt` for sizes that cannot be.
 */
export function contentOf(volume: Clustered, attribute: Attribute, located: Located, label: string): BlockSource {
  const { title, where } = located;
  if ((attribute.flags & ENCRYPTED) !== 0) {
    throw new NomountError("unsupported", `ntfs: ${title} is encrypted (EFS), and its key is not on the volume`, {
      where: where(),
    });
  }
  if (attribute.isResident) return inlineSource(attribute.value.slice(), label);
  const { dataBytes, initializedBytes } = attribute;
  if (Number.isNaN(dataBytes) || Number.isNaN(initializedBytes)) {
    throw new NomountError("corrupt", `ntfs: ${title} has a size of 2^53 bytes or above`, { where: where() });
  }
  const runList = attribute.runList.slice();
  const map = new RunMap({ startVcn: 0, runList: () => runList }, located.rest, volume.clusterCount, { title, where });
  const method = attribute.flags & COMPRESSION;
  const power = attribute.compressionUnitPower;
  if (method === 0 || power === 0) {
    return new MappedSource(label, dataBytes, (offset, length) => plainExtents(volume, map, initializedBytes, offset, length));
  }
  // Windows compresses units of 16 clusters, of 64 KiB at most; Linux' ntfs3 calls them so whatever the cluster, up to 2 MiB.
  if (method !== LZNT1 || power > 8 || 2 ** power * volume.clusterBytes > 32 * 1024 * 1024) {
    const what = `is compressed by method ${method} in units of 2^${power} clusters: expected LZNT1 in units of 16`;
    throw new NomountError("unsupported", `ntfs: ${title} ${what}`, { where: where() });
  }
  const unit = { clusters: 2 ** power, bytes: 2 ** power * volume.clusterBytes };
  const end = Math.min(initializedBytes, dataBytes);
  return new MappedSource(label, dataBytes, (offset, length) =>
    compressedExtents(volume, map, { unit, initializedBytes: end, dataBytes, title }, offset, length),
  );
}

function inlineSource(value: Uint8Array, label: string): BlockSource {
  return new MappedSource(label, value.length, (offset, lengthBytes) => [
    { kind: "inline", lengthBytes, bytes: value.subarray(offset, offset + lengthBytes) },
  ]);
}

function* plainExtents(
  volume: Clustered,
  map: RunMap,
  initializedBytes: number,
  offsetBytes: number,
  lengthBytes: number,
): Generator<Extent> {
  const { clusterBytes } = volume;
  const end = offsetBytes + lengthBytes;
  for (const run of map.runs(Math.floor(offsetBytes / clusterBytes), Math.ceil(end / clusterBytes))) {
    const runStart = run.vcn * clusterBytes;
    const from = Math.max(offsetBytes, runStart);
    const to = Math.min(end, runStart + run.length * clusterBytes);
    const valid = Math.max(from, Math.min(to, initializedBytes));
    if (from < valid) yield* runExtents(volume, run, from - runStart, valid - from);
    if (valid < to) yield unwritten(volume, run, valid - runStart, to - valid);
  }
}

/** Part of a run beyond the valid data length: zeros to every reader, over whatever the clusters held before. */
function unwritten(volume: Clustered, run: Run, skipBytes: number, lengthBytes: number): Extent {
  const offsetBytes = run.lcn * volume.clusterBytes + skipBytes;
  const { source } = volume;
  const backed = run.lcn >= 0 && run.fault === undefined && offsetBytes + lengthBytes <= source.sizeBytes;
  return backed ? { kind: "hole", lengthBytes, backing: { source, offsetBytes } } : { kind: "hole", lengthBytes };
}
