import { multiSectorHeader } from "../layout.ts";

const OFFSET = multiSectorHeader.offsetOf("updateSequenceOffset");
const COUNT = multiSectorHeader.offsetOf("updateSequenceCount");

/**
 * The way back from `applyUpdateSequence`, in place: a new number at the end of each stride, the true bytes behind the first
 * of it. False where the structure has no room for that.
 */
export function writeUpdateSequence(bytes: Uint8Array, view: DataView): boolean {
  const offset = view.getUint16(OFFSET, true);
  const strides = view.getUint16(COUNT, true) - 1;
  const strideBytes = bytes.length / strides;
  const end = offset + 2 * (strides + 1);
  if (strides < 1 || !Number.isInteger(strideBytes) || offset < multiSectorHeader.sizeBytes || end > strideBytes - 2)
    return false;
  // 0 and 0xffff are what unused places are filled with.
  const next = (view.getUint16(offset, true) % 0xfffe) + 1;
  view.setUint16(offset, next, true);
  for (let i = 1; i <= strides; i++) {
    const at = i * strideBytes - 2;
    view.setUint16(offset + 2 * i, view.getUint16(at, true), true);
    view.setUint16(at, next, true);
  }
  return true;
}
