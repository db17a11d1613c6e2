import type { Hash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";

const ZEROS = new Uint8Array(1024 * 1024);
/** So much is hashed at most before others in this thread have their turn: a hole may be of terabytes. */
const TURN_BYTES = 32 * 1024 * 1024;

/** Takes a hole into a digest. */
export async function hashZeros(hash: Hash, lengthBytes: number): Promise<void> {
  for (let at = 0; at < lengthBytes; at += ZEROS.length) {
    hash.update(ZEROS.subarray(0, Math.min(ZEROS.length, lengthBytes - at)));
    if (at % TURN_BYTES === TURN_BYTES - ZEROS.length) await turn();
  }
}
