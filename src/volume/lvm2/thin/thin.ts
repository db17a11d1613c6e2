import { faultOf, NomountError } from "../../../error.ts";
import type { BlockSource, Extent } from "../../../source/block-source.ts";
import { MappedSource } from "../../../source/mapped.ts";
import type { ThinPool } from "./pool.ts";

/** A thin volume: mapped blocks from the pool's data, the others from the external origin where there is one, or zeros. */
export function thinSource(
  label: string,
  sizeBytes: number,
  pool: ThinPool,
  deviceId: number,
  data: BlockSource,
  externalOrigin: BlockSource | undefined,
): BlockSource {
  const { blockBytes } = pool;
  return new MappedSource(label, sizeBytes, function* (offsetBytes, lengthBytes): Generator<Extent> {
    const end = offsetBytes + lengthBytes;
    let at = offsetBytes;
    for (const run of pool.runs(deviceId, Math.floor(offsetBytes / blockBytes), Math.ceil(end / blockBytes))) {
      const runStart = run.virtualBlock * blockBytes;
      if (runStart > at) yield* unmapped(externalOrigin, at, runStart - at);
      const from = Math.max(at, runStart);
      const to = Math.min(end, runStart + run.blocks * blockBytes);
      if (from >= to) continue;
      if (run.data instanceof NomountError) yield { kind: "missing", lengthBytes: to - from, fault: faultOf(run.data) };
      else yield { kind: "data", lengthBytes: to - from, source: data, offsetBytes: run.data * blockBytes + (from - runStart) };
      at = to;
    }
    if (at < end) yield* unmapped(externalOrigin, at, end - at);
  });
}

function* unmapped(origin: BlockSource | undefined, offsetBytes: number, lengthBytes: number): Generator<Extent> {
  const present = origin === undefined ? 0 : Math.min(lengthBytes, Math.max(0, origin.sizeBytes - offsetBytes));
  if (origin !== undefined && present > 0) yield { kind: "data", lengthBytes: present, source: origin, offsetBytes };
  if (present < lengthBytes) yield { kind: "hole", lengthBytes: lengthBytes - present };
}
