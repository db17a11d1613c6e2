import type { BlockSource } from "./block-source.ts";
import { checkRange } from "./range.ts";

/** Bytes in memory as a source: inline content, tests, an image that was unpacked. The bytes are not copied. */
export class MemorySource implements BlockSource {
  readonly label: string;
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, label = "memory") {
    this.#bytes = bytes;
    this.label = label;
    this.sizeBytes = bytes.length;
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    checkRange(this, offsetBytes, into.length);
    into.set(this.#bytes.subarray(offsetBytes, offsetBytes + into.length));
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<void> {
    this.readSync(into, offsetBytes);
  }

  close(): void {}
}
