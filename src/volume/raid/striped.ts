import type { BlockSource, Extent } from "../../source/block-source.ts";
import { MappedSource } from "../../source/mapped.ts";

/** Stripes of `stripeBytes` that go round the sources in turn. Every source holds `sizeBytes / sources.length`. */
export function stripedSource(
  label: string,
  sizeBytes: number,
  sources: readonly BlockSource[],
  stripeBytes: number,
): BlockSource {
  return new MappedSource(label, sizeBytes, function* (offsetBytes, lengthBytes): Generator<Extent> {
    const end = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < end; ) {
      const stripe = Math.floor(at / stripeBytes);
      const inStripe = at - stripe * stripeBytes;
      const length = Math.min(stripeBytes - inStripe, end - at);
      const row = Math.floor(stripe / sources.length);
      const source = sources[stripe - row * sources.length];
      if (source === undefined) return;
      yield { kind: "data", lengthBytes: length, source, offsetBytes: row * stripeBytes + inStripe };
      at += length;
    }
  });
}
