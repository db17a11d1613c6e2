/** Bytes that are changed in place and changed back: an image of 64 MiB is not copied for every mutant. */
export class Patched {
  readonly #working: Uint8Array;
  #lengthBytes: number;
  readonly #undo: { offsetBytes: number; old: Uint8Array }[] = [];

  constructor(original: Uint8Array) {
    // A Buffer's own `slice` does not copy, and then nothing could be taken back.
    this.#working = new Uint8Array(original.buffer, original.byteOffset, original.length);
    this.#lengthBytes = original.length;
  }

  get bytes(): Uint8Array {
    return this.#working.subarray(0, this.#lengthBytes);
  }

  /** Parts beyond the end are left out. */
  write(offsetBytes: number, bytes: Uint8Array): void {
    if (offsetBytes >= this.#lengthBytes) return;
    const fitting = bytes.subarray(0, this.#lengthBytes - offsetBytes);
    this.#undo.push({ offsetBytes, old: this.#working.slice(offsetBytes, offsetBytes + fitting.length) });
    this.#working.set(fitting, offsetBytes);
  }

  truncate(lengthBytes: number): void {
    this.#lengthBytes = Math.min(this.#lengthBytes, lengthBytes);
  }

  /** What differs from the original, as `[offset, hexadecimal bytes]`. */
  changes(): readonly (readonly [number, string])[] {
    return this.#undo.map(({ offsetBytes, old }) => [
      offsetBytes,
      Buffer.from(this.#working.subarray(offsetBytes, offsetBytes + old.length)).toString("hex"),
    ]);
  }

  restore(): void {
    this.#lengthBytes = this.#working.length;
    for (let change = this.#undo.pop(); change !== undefined; change = this.#undo.pop()) {
      this.#working.set(change.old, change.offsetBytes);
    }
  }
}
