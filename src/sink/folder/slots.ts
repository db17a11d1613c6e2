import { nameToBytes } from "../../bytes/names.ts";

/** Numbers and bytes one after the other, in two buffers that can be transferred to a thread without a copy. */
export interface Slots {
  readonly numbers: ArrayBuffer;
  readonly bytes: ArrayBuffer;
}

const encoder = new TextEncoder();
const NOTHING = -(2n ** 63n);

/** What is put in with a `SlotWriter` comes out of a `SlotReader` in the same order. */
export class SlotWriter {
  #numbers = new Float64Array(4096);
  #bigints = new BigInt64Array(this.#numbers.buffer);
  #used = 0;
  #bytes = new Uint8Array(32 * 1024);
  #bytesUsed = 0;

  /** How much has been put in, in bytes. */
  get sizeBytes(): number {
    return this.#used * 8 + this.#bytesUsed;
  }

  /** undefined stands as NaN. */
  number(value: number | undefined): void {
    this.#makeSlots(1);
    this.#numbers[this.#used++] = value ?? Number.NaN;
  }

  /** Up to 127 bits: nanoseconds leave 64 behind in the year 2262, ext4 goes on to 2446 and NTFS to 30828. */
  bigint(value: bigint | undefined): void {
    this.#makeSlots(2);
    this.#bigints[this.#used++] = value ?? 0n;
    this.#bigints[this.#used++] = value === undefined ? NOTHING : value >> 64n;
  }

  bytes(value: Uint8Array): void {
    this.#makeRoom(value.length);
    this.#bytes.set(value, this.#bytesUsed);
    this.#bytesUsed += value.length;
    this.number(value.length);
  }

  /** A text in the form of `bytes/names.ts`, after a prefix, as one run of bytes. */
  name(prefix: Uint8Array, text: string): void {
    if (!text.isWellFormed()) {
      const tail = nameToBytes(text);
      const whole = new Uint8Array(prefix.length + tail.length);
      whole.set(prefix);
      whole.set(tail, prefix.length);
      this.bytes(whole);
      return;
    }
    this.#makeRoom(prefix.length + text.length * 3);
    this.#bytes.set(prefix, this.#bytesUsed);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#bytesUsed + prefix.length));
    this.#bytesUsed += prefix.length + written;
    this.number(prefix.length + written);
  }

  /** What was put in; the writer is of no more use. */
  finish(): Slots {
    return { numbers: this.#numbers.buffer, bytes: this.#bytes.buffer };
  }

  #makeSlots(count: number): void {
    if (this.#used + count <= this.#numbers.length) return;
    const larger = new Float64Array(this.#numbers.length * 2);
    // Through the integers: a float may change the bits of what is no number.
    const bits = new BigInt64Array(larger.buffer);
    bits.set(this.#bigints);
    this.#numbers = larger;
    this.#bigints = bits;
  }

  #makeRoom(lengthBytes: number): void {
    if (this.#bytesUsed + lengthBytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#bytesUsed + lengthBytes));
    larger.set(this.#bytes.subarray(0, this.#bytesUsed));
    this.#bytes = larger;
  }
}

export class SlotReader {
  readonly #numbers: Float64Array;
  readonly #bigints: BigInt64Array;
  readonly #bytes: ArrayBuffer;
  #used = 0;
  #bytesUsed = 0;

  constructor(slots: Slots) {
    this.#numbers = new Float64Array(slots.numbers);
    this.#bigints = new BigInt64Array(slots.numbers);
    this.#bytes = slots.bytes;
  }

  number(): number {
    return this.#numbers[this.#used++] ?? 0;
  }

  optionalNumber(): number | undefined {
    const value = this.number();
    return Number.isNaN(value) ? undefined : value;
  }

  bigint(): bigint | undefined {
    const low = this.#bigints[this.#used++] ?? 0n;
    const high = this.#bigints[this.#used++] ?? NOTHING;
    return high === NOTHING ? undefined : (high << 64n) | BigInt.asUintN(64, low);
  }

  /** A window on the transferred bytes. */
  bytes(): Buffer {
    const length = this.number();
    const window = Buffer.from(this.#bytes, this.#bytesUsed, length);
    this.#bytesUsed += length;
    return window;
  }
}
