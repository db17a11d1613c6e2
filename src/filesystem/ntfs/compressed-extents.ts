import type { Extent } from "../../source/block-source.ts";
import { type Clustered, runExtents } from "./run-extents.ts";
import { UNCOVERED_LCN } from "./run-list.ts";
import type { Run, RunMap } from "./run-map.ts";

interface Compressed {
  readonly unit: { readonly clusters: number; readonly bytes: number };
  /** What lies beyond reads as zeros. */
  readonly initializedBytes: number;
  readonly dataBytes: number;
  readonly title: string;
}

/**
 * The extents of an LZNT1 attribute. It is cut into units of 16 clusters: a unit of which all clusters are allocated lies
 * there as it is, one without clusters is zeros, and any other is compressed into the clusters that it begins with
 * (libfsntfs 6.2.3, flatcap "Compression").
 */
export function* compressedExtents(
  volume: Clustered,
  map: RunMap,
  compressed: Compressed,
  offsetBytes: number,
  lengthBytes: number,
): Generator<Extent> {
  const { unit, initializedBytes } = compressed;
  const end = offsetBytes + lengthBytes;
  const validEnd = Math.min(end, initializedBytes);
  let at = offsetBytes;
  while (at < validEnd) {
    const unitStart = at - (at % unit.bytes);
    const firstVcn = (unitStart / unit.bytes) * unit.clusters;
    const lastVcn = Math.ceil(validEnd / unit.bytes) * unit.clusters;
    // One run that covers whole units answers for all of them, so that a hole of terabytes is one extent.
    const units = wholeUnits(map.runs(firstVcn, lastVcn), unit.clusters);
    const to = Math.min(validEnd, unitStart + Math.max(1, units.count) * unit.bytes);
    if (units.run !== undefined) yield* runExtents(volume, units.run, at - unitStart, to - at);
    else yield* unitExtents(volume, [...map.runs(firstVcn, firstVcn + unit.clusters)], compressed, at, to);
    at = to;
  }
  if (at < end) yield { kind: "hole", lengthBytes: end - at };
}

function wholeUnits(runs: Iterable<Run>, unitClusters: number): { count: number; run: Run | undefined } {
  for (const run of runs) {
    const count = Math.floor(run.length / unitClusters);
    return { count, run: count > 0 ? run : undefined };
  }
  return { count: 0, run: undefined };
}

/** Bytes `[at, to)` of a unit of several runs. */
function* unitExtents(
  volume: Clustered,
  runs: readonly Run[],
  { unit, dataBytes, title }: Compressed,
  at: number,
  to: number,
): Generator<Extent> {
  const skipBytes = at % unit.bytes;
  const unitStart = at - skipBytes;
  const stored = runs.filter((run) => run.lcn >= 0);
  const storedBytes = stored.reduce((sum, run) => sum + run.length * volume.clusterBytes, 0);
  const rest = runs.slice(stored.length);
  // Some writers let the clusters of the last unit end with the file.
  const endsWithFile = rest[0]?.lcn === UNCOVERED_LCN && unitStart + storedBytes >= dataBytes;
  if (rest.length === 0 || (endsWithFile && rest.length === 1)) {
    yield* between(volume, stored, skipBytes, skipBytes + to - at);
    return;
  }
  const faulty = runs.find((run) => run.fault !== undefined);
  const orderly = stored.length > 0 && stored.every((run, i) => run === runs[i]);
  if (faulty?.fault !== undefined || !orderly) {
    const problem = `ntfs: ${title}: the compression unit at byte ${unitStart} has clusters behind its hole`;
    yield { kind: "missing", lengthBytes: to - at, fault: faulty?.fault ?? { kind: "corrupt", message: problem } };
    return;
  }
  const parts = stored.flatMap((run) => [...runExtents(volume, run, 0, run.length * volume.clusterBytes)]);
  yield { kind: "packed", lengthBytes: to - at, skipBytes, unitBytes: unit.bytes, codec: "lznt1", parts };
}

/** Bytes `[from, to)` of runs that follow each other. */
function* between(volume: Clustered, runs: readonly Run[], from: number, to: number): Generator<Extent> {
  let start = 0;
  for (const run of runs) {
    const end = start + run.length * volume.clusterBytes;
    const low = Math.max(from, start);
    const high = Math.min(to, end);
    if (low < high) yield* runExtents(volume, run, low - start, high - low);
    start = end;
  }
}
