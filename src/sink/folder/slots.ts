import { nameToBytes } from "../../bytes/names.ts";
import { type Time, timeOf } from "./time.ts";

/** Numbers and bytes one after the other, in two buffers that can be transferred to a thread without a copy. */
export interface Slots {
  readonly numbers: ArrayBuffer;
  readonly bytes: ArrayBuffer;
}

const encoder = new TextEncoder();

/** What is put in with a `SlotWriter` comes out of a `SlotReader` in the same order. */
export class SlotWriter {
  #numbers = new Float64Array(4096);
  #used = 0;
  #bytes = new Uint8Array(32 * 1024);
  #bytesUsed = 0;

  /** How much has been put in, in bytes. */
  get sizeBytes(): number {
    return this.#used * 8 + this.#bytesUsed;
  }

  /** undefined stands as NaN. */
  number(value: number | undefined): void {
    if (this.#used === this.#numbers.length) this.#makeSlots();
    this.#numbers[this.#used++] = value ?? Number.NaN;
  }

  /** Nanoseconds since 1970. */
  time(ns: bigint | undefined): void {
    const time = ns === undefined ? undefined : timeOf(ns);
    this.number(time?.seconds);
    this.number(time?.nanoseconds);
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

  #makeSlots(): void {
    const larger = new Float64Array(this.#numbers.length * 2);
    larger.set(this.#numbers);
    this.#numbers = larger;
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
  readonly #bytes: ArrayBuffer;
  #used = 0;
  #bytesUsed = 0;

  constructor(slots: Slots) {
    this.#numbers = new Float64Array(slots.numbers);
    this.#bytes = slots.bytes;
  }

  number(): number {
    return this.#numbers[this.#used++] ?? 0;
  }

  optionalNumber(): number | undefined {
    const value = this.number();
    return Number.isNaN(value) ? undefined : value;
  }

  time(): Time | undefined {
    const seconds = this.number();
    const nanoseconds = this.number();
    return Number.isNaN(seconds) ? undefined : { seconds, nanoseconds };
  }

  /** A window on the transferred bytes. */
  bytes(): Buffer {
    const length = this.number();
    const window = Buffer.from(this.#bytes, this.#bytesUsed, length);
    this.#bytesUsed += length;
    return window;
  }
}
