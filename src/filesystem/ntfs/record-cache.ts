import { damageOf } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";

/** Room for the largest batch of a listing; a run as a whole may take 250 MB. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What lies between two wanted records is read along rather than skipped: that long takes a system call. */
const MAX_GAP_BYTES = 16 * 1024;
const MAX_READ_BYTES = 256 * 1024;
/** Records that are handed out share their memory, since a buffer for each would cost more than the record does. */
const SHARED_RECORDS = 64;

/**
 * Records of $MFT as they lie on disk. Those that are known to be wanted are read ahead, sorted and in few reads, into slots
 * that are used in turn; a record is in one until it is taken, or pushed out.
 */
export class RecordCache {
  readonly #source: BlockSource;
  readonly #recordBytes: number;
  /** How many records may be read ahead at once without pushing out each other. */
  readonly capacity: number;
  readonly #slotOf = new Map<number, number>();
  /** Record in each slot, or -1. */
  #holds = new Float64Array();
  #slots = new Uint8Array();
  #nextSlot = 0;
  #buffer = new Uint8Array();
  #shared = new Uint8Array();
  #sharedUsed = 0;

  constructor(source: BlockSource, recordBytes: number) {
    this.#source = source;
    this.#recordBytes = recordBytes;
    this.capacity = Math.max(1, Math.floor(Math.min(MAX_BYTES, source.sizeBytes) / recordBytes));
  }

  /** The bytes of a record, from now on the caller's own. Throws why they cannot be read. */
  take(number: number): Uint8Array {
    const size = this.#recordBytes;
    if (this.#sharedUsed === this.#shared.length) {
      this.#shared = new Uint8Array(SHARED_RECORDS * size);
      this.#sharedUsed = 0;
    }
    const bytes = this.#shared.subarray(this.#sharedUsed, this.#sharedUsed + size);
    const slot = this.#slotOf.get(number);
    if (slot === undefined) {
      this.#source.readSync(bytes, number * size);
    } else {
      bytes.set(this.#slots.subarray(slot * size, (slot + 1) * size));
      this.#slotOf.delete(number);
      this.#holds[slot] = -1;
    }
    this.#sharedUsed += size;
    return bytes;
  }

  /** The same for a look: valid until the next call. */
  peek(number: number): Uint8Array {
    const size = this.#recordBytes;
    let slot = this.#slotOf.get(number);
    if (slot === undefined) {
      const bytes = new Uint8Array(size);
      this.#source.readSync(bytes, number * size);
      slot = this.#keep(number, bytes);
    }
    return this.#slots.subarray(slot * size, (slot + 1) * size);
  }

  /** What of them cannot be read is left to be read alone, so that only that fails. Returns the number of reads. */
  preload(numbers: readonly number[]): number {
    const size = this.#recordBytes;
    const wanted = Float64Array.from(numbers.filter((number) => !this.#slotOf.has(number))).sort();
    let reads = 0;
    for (let i = 0; i < wanted.length; reads++) {
      const first = wanted[i] ?? 0;
      let next = i + 1;
      let end = first + 1;
      for (; next < wanted.length; next++) {
        const number = wanted[next] ?? 0;
        if ((number - end) * size > MAX_GAP_BYTES || (number + 1 - first) * size > MAX_READ_BYTES) break;
        end = number + 1;
      }
      this.#readRun(wanted.subarray(i, next), first, end);
      i = next;
    }
    return reads;
  }

  #readRun(wanted: Float64Array, first: number, end: number): void {
    const size = this.#recordBytes;
    if (this.#buffer.length === 0) this.#buffer = new Uint8Array(MAX_READ_BYTES);
    const bytes = this.#buffer.subarray(0, (end - first) * size);
    try {
      this.#source.readSync(bytes, first * size);
    } catch (error) {
      damageOf(error);
      return;
    }
    for (const number of wanted) {
      const at = (number - first) * size;
      if (!this.#slotOf.has(number)) this.#keep(number, bytes.subarray(at, at + size));
    }
  }

  #keep(number: number, bytes: Uint8Array): number {
    if (this.#slots.length === 0) {
      this.#slots = new Uint8Array(this.capacity * this.#recordBytes);
      this.#holds = new Float64Array(this.capacity).fill(-1);
    }
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + 1) % this.capacity;
    this.#slotOf.delete(this.#holds[slot] ?? -1);
    this.#slotOf.set(number, slot);
    this.#holds[slot] = number;
    this.#slots.set(bytes, slot * this.#recordBytes);
    return slot;
  }
}
