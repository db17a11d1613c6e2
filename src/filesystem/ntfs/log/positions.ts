import type { Restart } from "./restart.ts";

/**
 * The numbers of records (LSN) as places: the lower bits are the record's position in the log in units of 8 bytes, the upper
 * ones count the rounds that the log has gone.
 */
export class Positions {
  readonly #bits: bigint;
  readonly #mask: bigint;

  constructor({ positionBits }: Restart) {
    this.#bits = BigInt(positionBits);
    this.#mask = (1n << this.#bits) - 1n;
  }

  /** In bytes from the log's beginning. */
  offsetOf(lsn: bigint): number {
    return Number(lsn & this.#mask) * 8;
  }

  roundOf(lsn: bigint): bigint {
    return lsn >> this.#bits;
  }

  lsnAt(round: bigint, offset: number): bigint {
    return (round << this.#bits) + BigInt(offset / 8);
  }
}
