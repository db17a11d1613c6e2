import type { Fault } from "../error.ts";

const SHOWN_RANGES = 4;
/** Of a file in ruins so many places are kept apart; the others count. */
const MAX_RANGES = 4096;

interface Range {
  readonly start: number;
  end: number;
  readonly fault: Fault;
}

/** The parts of a file that could not be read, found in any order, as one fault that names them. */
export class BadRanges {
  readonly #ranges: Range[] = [];
  #beyondCount = 0;
  #bytes = 0;

  get any(): boolean {
    return this.#ranges.length > 0;
  }

  add(offsetBytes: number, lengthBytes: number, fault: Fault): void {
    this.#bytes += lengthBytes;
    if (this.#ranges.length < MAX_RANGES) this.#ranges.push({ start: offsetBytes, end: offsetBytes + lengthBytes, fault });
    else this.#beyondCount += 1;
  }

  /** "2048 bytes cannot be read (512-1023, 4096-5631): ", then why the first of them; undefined when there are none. */
  fault(): Fault | undefined {
    const merged: Range[] = [];
    for (const range of this.#ranges.toSorted((a, b) => a.start - b.start)) {
      const last = merged.at(-1);
      if (last !== undefined && last.end >= range.start) last.end = Math.max(last.end, range.end);
      else merged.push({ ...range });
    }
    const [first] = merged;
    if (first === undefined) return undefined;
    const shown = merged.slice(0, SHOWN_RANGES).map(({ start, end }) => `${start}-${end - 1}`);
    const moreCount = merged.length - shown.length + this.#beyondCount;
    const more = moreCount > 0 ? ` and ${moreCount} more places` : "";
    const { kind, message } = first.fault;
    return { kind, message: `${this.#bytes} bytes cannot be read (${shown.join(", ")}${more}): ${message}` };
  }
}
