import { applyUpdateSequence } from "../../../src/filesystem/ntfs/update-sequence.ts";
import type { Target } from "./volume.ts";

/**
 * What a replay has left of a structure, in a form in which programs can agree: without the number of the log record and the
 * update sequence, which each counts in its own way, and without what lies behind the used bytes and behind values.
 */
export function leftOf(
  image: Uint8Array,
  { kind, offset, lengthBytes }: Pick<Target, "kind" | "offset" | "lengthBytes">,
): Buffer | string {
  const bytes = Buffer.from(image.subarray(offset, offset + lengthBytes));
  if (kind === "clusters") return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tear = applyUpdateSequence(view, 0, bytes.length);
  if (tear !== undefined) return tear.problem;
  const sequence = bytes.readUInt16LE(4);
  bytes.fill(0, sequence, sequence + 2 * bytes.readUInt16LE(6));
  bytes.fill(0, 8, 16);
  if (kind === "record") clearPadding(bytes);
  return bytes.subarray(0, kind === "record" ? bytes.readUInt32LE(24) : 24 + bytes.readUInt32LE(28));
}

/** Values of attributes are followed by up to seven bytes that mean nothing. */
function clearPadding(record: Buffer): void {
  const end = record.readUInt32LE(24);
  for (
    let at = record.readUInt16LE(20);
    at + 24 <= end && record.readUInt32LE(at) !== 0xffffffff;
    at += record.readUInt32LE(at + 4)
  ) {
    const length = record.readUInt32LE(at + 4);
    if (length === 0) return;
    if (record[at + 8] === 0) record.fill(0, at + record.readUInt16LE(at + 20) + record.readUInt32LE(at + 16), at + length);
  }
}
