import { SourceError } from "../../error.ts";
import type { BlockSource, Extent } from "../../source/block-source.ts";
import { SPARSE_LCN } from "./run-list.ts";
import type { Run } from "./run-map.ts";

/** Where clusters lie. */
export interface Clustered {
  readonly source: BlockSource;
  readonly clusterBytes: number;
  readonly clusterCount: number;
}

/** Part of a run that holds data: `lengthBytes` of it, from `skipBytes` on. */
export function* runExtents(volume: Clustered, run: Run, skipBytes: number, lengthBytes: number): Generator<Extent> {
  if (run.fault !== undefined) yield { kind: "missing", lengthBytes, fault: run.fault };
  else if (run.lcn === SPARSE_LCN) yield { kind: "hole", lengthBytes };
  else {
    const { source } = volume;
    const offsetBytes = run.lcn * volume.clusterBytes + skipBytes;
    const present = Math.max(0, Math.min(lengthBytes, source.sizeBytes - offsetBytes));
    if (present > 0) yield { kind: "data", lengthBytes: present, source, offsetBytes };
    if (present < lengthBytes) yield pastTheEnd(source, offsetBytes + present, lengthBytes - present);
  }
}

function pastTheEnd(source: BlockSource, offsetBytes: number, lengthBytes: number): Extent {
  const { label, sizeBytes } = source;
  const problem = `ntfs: the volume goes on where its source ends, at byte ${sizeBytes}`;
  const { message } = new SourceError(problem, { label, offsetBytes, lengthBytes });
  return { kind: "missing", lengthBytes, fault: { kind: "source", message } };
}
