import { nameToBytes } from "../bytes/names.ts";

const FIRST_CAPACITY_BYTES = 128 * 1024;
/** Above this the system's encoder is faster than a loop over the characters. */
const SHORT_TEXT = 64;
const SPACE = 0x20;
const ZERO = 0x30;

/** Text as bytes, appended in pieces: a listing has hundreds of thousands of lines, and none of them becomes a string. */
export class ByteText {
  #bytes = new Uint8Array(FIRST_CAPACITY_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Names go in as their exact bytes. */
  text(text: string): void {
    this.#makeRoom(3 * text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    const end = text.length <= SHORT_TEXT ? text.length : 0;
    for (let i = 0; i < end; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) break;
      bytes[at++] = code;
    }
    const done = at - this.#length;
    this.#length = at;
    if (done < text.length) this.#encode(done === 0 ? text : text.slice(done));
  }

  /** ASCII on the right side of a column. */
  padded(text: string, width: number): void {
    this.#pad(width - text.length);
    this.text(text);
  }

  /** A count or size on the right side of a column: an integer from 0 to 2^53. */
  number(value: number, width = 0): void {
    const digits = digitsOf(value);
    this.#pad(width - digits);
    this.#makeRoom(digits);
    this.#length += digits;
    let rest = value;
    for (let at = this.#length - 1, last = at - digits; at > last; at--) {
      const tenth = Math.floor(rest / 10);
      this.#bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
  }

  /** What was appended so far, which is forgotten: valid until the next piece comes. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #encode(text: string): void {
    const encoded = nameToBytes(text);
    this.#makeRoom(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  #pad(count: number): void {
    if (count <= 0) return;
    this.#makeRoom(count);
    for (const end = this.#length + count; this.#length < end; this.#length++) this.#bytes[this.#length] = SPACE;
  }

  #makeRoom(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * needed);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** How many decimal digits an integer from 0 to 2^53 has. */
export function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}
