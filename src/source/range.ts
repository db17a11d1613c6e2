import { SourceError } from "../error.ts";

/** Throws unless `[offsetBytes, offsetBytes + lengthBytes)` lies inside a source: no source reads past its own end. */
export function checkRange(source: { label: string; sizeBytes: number }, offsetBytes: number, lengthBytes: number): void {
  if (offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes + lengthBytes <= source.sizeBytes) return;
  throw new SourceError(`read of ${lengthBytes} bytes reaches past the end at ${source.sizeBytes}`, {
    label: source.label,
    offsetBytes,
    lengthBytes,
  });
}
