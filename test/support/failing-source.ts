import { SourceError } from "../../src/error.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { checkRange } from "../../src/source/range.ts";

export interface Trouble {
  /** Sectors (of 512 bytes) that cannot be read, from start to end, exclusive. */
  readonly badSectors?: readonly (readonly [start: number, end: number])[];
  /** The errors name the bad sectors alone, and not the range that was asked for. */
  readonly namesBadSectors?: boolean;
  /** This read and all after it find the source dead. */
  readonly diesAtRead?: number;
  /** This read fails, once. */
  readonly failsAtRead?: number;
}

/** A source in memory with a device's troubles, which counts what is asked of it. */
export class FailingSource implements BlockSource {
  readonly label = "failing";
  readonly sizeBytes: number;
  reads = 0;
  /** Lengths of the reads, in order. */
  readonly lengths: number[] = [];
  /** Reads begun and not ended. */
  inFlight = 0;
  mostInFlight = 0;
  readonly #bytes: Uint8Array;
  readonly #trouble: Trouble;

  constructor(bytes: Uint8Array, trouble: Trouble = {}) {
    this.#bytes = bytes;
    this.sizeBytes = bytes.length;
    this.#trouble = trouble;
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    checkRange(this, offsetBytes, into.length);
    this.reads += 1;
    this.lengths.push(into.length);
    const { badSectors = [], namesBadSectors = false, diesAtRead = Number.POSITIVE_INFINITY, failsAtRead } = this.#trouble;
    const range = { label: this.label, offsetBytes, lengthBytes: into.length };
    if (this.reads >= diesAtRead) throw new SourceError("the device has gone", range, { fatal: true });
    if (this.reads === failsAtRead) throw new SourceError("EIO", range);
    for (const [start, end] of badSectors) {
      const from = Math.max(start * 512, offsetBytes);
      const to = Math.min(end * 512, offsetBytes + into.length);
      if (from < to)
        throw new SourceError("EIO", namesBadSectors ? { ...range, offsetBytes: from, lengthBytes: to - from } : range);
    }
    into.set(this.#bytes.subarray(offsetBytes, offsetBytes + into.length));
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<void> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    try {
      this.readSync(into, offsetBytes);
    } finally {
      this.inFlight -= 1;
    }
  }

  close(): void {}
}
