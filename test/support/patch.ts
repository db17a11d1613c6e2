import type { Fields, Struct, View } from "../../src/bytes/layout.ts";

/** Writes fields of a structure that lies at `offsetBytes`; the other fields stay. */
export function patch<F extends Fields>(
  bytes: Uint8Array,
  layout: Struct<F>,
  offsetBytes: number,
  values: Partial<View<F>>,
): void {
  for (const field of Object.keys(values)) {
    const at = layout.offsetOf(field);
    const length = sizeOf(layout, field);
    bytes.set(layout.encode(values).subarray(at, at + length), offsetBytes + at);
  }
}

/** A field ends where the next begins. */
function sizeOf<F extends Fields>(layout: Struct<F>, field: string): number {
  const view = layout.view(new Uint8Array(layout.sizeBytes));
  const starts = Object.keys(Object.getPrototypeOf(view)).map((name) => layout.offsetOf(name));
  const start = layout.offsetOf(field);
  return Math.min(layout.sizeBytes, ...starts.filter((other) => other > start)) - start;
}
