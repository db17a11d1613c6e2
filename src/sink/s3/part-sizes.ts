const MIB = 1024 * 1024;
/** The service takes no more parts to one object. */
export const MAX_PARTS = 10_000;
const USUAL_BYTES = 8 * MIB;
/** Of a stream of unknown length: parts grow by this with every so many. */
const STREAM_STEP_BYTES = 16 * MIB;
const PARTS_A_STEP = 500;

/** How large a part is, counted from 0: of a file of known size all the same, so that 10,000 suffice; of a stream ever larger. */
export function partBytes(sizeBytes: number | undefined, part: number): number {
  if (sizeBytes === undefined) return STREAM_STEP_BYTES * (1 + Math.floor(part / PARTS_A_STEP));
  const needed = Math.ceil(sizeBytes / MAX_PARTS / MIB) * MIB;
  return Math.max(USUAL_BYTES, needed);
}
