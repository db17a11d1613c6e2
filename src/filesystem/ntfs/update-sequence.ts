import { hex } from "../../error.ts";
import { multiSectorHeader } from "./layout.ts";

const SEQUENCE_OFFSET = multiSectorHeader.offsetOf("updateSequenceOffset");
const SEQUENCE_COUNT = multiSectorHeader.offsetOf("updateSequenceCount");
const LEAST_STRIDE_BYTES = 512;

/** What is wrong with a structure, and at which of its bytes. */
export interface Tear {
  readonly problem: string;
  readonly offset: number;
}

/**
 * Puts back the true bytes at the end of each stride of the structure at `start`, in place. Windows writes strides of 512
 * bytes whatever the sector; others are taken as the count of values tells. Where a stride does not carry the sequence
 * number, only part of the last write reached the disk: that is returned, and nothing is changed.
 */
export function applyUpdateSequence(view: DataView, start: number, lengthBytes: number): Tear | undefined {
  const offset = view.getUint16(start + SEQUENCE_OFFSET, true);
  const count = view.getUint16(start + SEQUENCE_COUNT, true);
  const strides = count - 1;
  const strideBytes = lengthBytes / strides;
  const fits = offset % 2 === 0 && offset >= multiSectorHeader.sizeBytes && offset + 2 * count <= lengthBytes;
  if (!fits || strides < 1 || strideBytes < LEAST_STRIDE_BYTES || !Number.isInteger(strideBytes)) {
    const problem = `update sequence of ${count} values at ${hex(offset)} does not fit ${lengthBytes} bytes`;
    return { problem, offset: SEQUENCE_OFFSET };
  }
  const values = start + offset;
  const expected = view.getUint16(values, true);
  for (let i = 0; i < strides; i++) {
    const end = (i + 1) * strideBytes - 2;
    const found = view.getUint16(start + end, true);
    if (found === expected) continue;
    const problem = `update sequence mismatch in sector ${i}: expected ${hex(expected, 4)}, found ${hex(found, 4)}`;
    return { problem, offset: end };
  }
  for (let i = 0; i < strides; i++)
    view.setUint16(start + (i + 1) * strideBytes - 2, view.getUint16(values + 2 + 2 * i, true), true);
  return undefined;
}
