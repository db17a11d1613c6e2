import type { BlockSource, Extent } from "../source/block-source.ts";
import { MappedSource } from "../source/mapped.ts";

/** Sources one behind the other. */
export function concatenated(label: string, parts: readonly BlockSource[]): BlockSource {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const starts = new Float64Array(parts.length + 1);
  for (const [i, part] of parts.entries()) starts[i + 1] = (starts[i] ?? 0) + part.sizeBytes;
  return new MappedSource(label, starts[parts.length] ?? 0, function* (offsetBytes, lengthBytes): Generator<Extent> {
    const end = offsetBytes + lengthBytes;
    for (let i = lastNotAbove(starts, offsetBytes); i < parts.length; i++) {
      const [start = 0, source] = [starts[i], parts[i]];
      if (start >= end || source === undefined) return;
      const from = Math.max(start, offsetBytes);
      const to = Math.min(start + source.sizeBytes, end);
      if (from < to) yield { kind: "data", lengthBytes: to - from, source, offsetBytes: from - start };
    }
  });
}

/** The index of the last of ascending values that is not above `value`; the first where all are. */
function lastNotAbove(values: Float64Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  return low;
}
