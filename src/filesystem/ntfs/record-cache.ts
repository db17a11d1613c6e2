import { damageOf } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { brokenRecord, type Locator, prepareRecord, usedBytesOf } from "./file-record.ts";

/** Room for the records of a directory of a hundred thousand names; a run as a whole may take 250 MB. */
const MAX_BYTES = 48 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** Names, times and the runs of one file: what most records use of their bytes. */
const TYPICAL_BYTES = 400;
/** What lies between two wanted records is read along rather than skipped: that long takes a system call. */
const MAX_GAP_BYTES = 16 * 1024;
const LEAST_READ_BYTES = 64 * 1024;
const MAX_READ_BYTES = 1024 * 1024;

/** Where a record lies that was read and checked. */
interface Held {
  readonly view: DataView;
  readonly start: number;
}

interface Chunk {
  readonly view: DataView;
  readonly numbers: number[];
  usedBytes: number;
}

/**
 * Records of $MFT that were read and checked, cut down to what they use, one behind the other in chunks of which the oldest
 * goes first. Those that are known to be wanted are read ahead, sorted and in few reads.
 */
export class RecordCache {
  /** About so many records are kept. */
  readonly capacity = Math.floor(MAX_BYTES / TYPICAL_BYTES);
  readonly #source: BlockSource;
  readonly #recordBytes: number;
  readonly #recordCount: number;
  readonly #locator: Locator;
  readonly #chunkBytes: number;
  readonly #chunks: Chunk[] = [];
  #goneChunks = 0;
  readonly #placeOf = new Places();
  #buffer = new DataView(new ArrayBuffer(0));

  constructor(source: BlockSource, recordBytes: number, locator: Locator) {
    this.#source = source;
    this.#recordBytes = recordBytes;
    this.#recordCount = Math.floor(source.sizeBytes / recordBytes);
    this.#locator = locator;
    const mostBytes = Math.ceil(source.sizeBytes / recordBytes) * recordBytes;
    this.#chunkBytes = Math.max(recordBytes, Math.min(CHUNK_BYTES, mostBytes));
  }

  /** A prepared record. Throws `corrupt` where it is damaged, or why it cannot be read. */
  record(number: number): Held {
    const known = this.#placeOf.get(number);
    const place = known >= 0 ? known : this.#read(number);
    const { view } = this.#chunks[Math.floor(place / this.#chunkBytes) - this.#goneChunks] ?? this.#newChunk();
    return { view, start: place % this.#chunkBytes };
  }

  /**
   * Reads them with what lies between and next to them, so that a walk through a whole tree comes to one sweep of $MFT. What
   * of it is damaged is left to be read alone, so that only that fails. Returns the number of reads.
   */
  preload(numbers: readonly number[]): number {
    const size = this.#recordBytes;
    const all = new Float64Array(numbers.length);
    let count = 0;
    for (const number of numbers) if (number < this.#recordCount && this.#placeOf.get(number) < 0) all[count++] = number;
    const wanted = all.subarray(0, count).sort();
    let reads = 0;
    for (let i = 0; i < wanted.length; reads++) {
      const first = wanted[i] ?? 0;
      let end = Math.min(this.#recordCount, first + Math.ceil(LEAST_READ_BYTES / size));
      for (; i < wanted.length; i++) {
        const number = wanted[i] ?? 0;
        if ((number - end) * size > MAX_GAP_BYTES || (number + 1 - first) * size > MAX_READ_BYTES) break;
        end = Math.max(end, number + 1);
      }
      this.#readRun(first, end);
    }
    return reads;
  }

  #read(number: number): number {
    const view = this.#fill(number, number + 1);
    const tear = prepareRecord(view, 0, this.#recordBytes);
    if (tear !== undefined) throw brokenRecord(number, this.#locator, tear);
    return this.#keep(number, view, 0);
  }

  #readRun(first: number, end: number): void {
    const size = this.#recordBytes;
    try {
      const view = this.#fill(first, end);
      for (let number = first; number < end; number++) {
        const at = (number - first) * size;
        if (this.#placeOf.get(number) < 0 && prepareRecord(view, at, size) === undefined) this.#keep(number, view, at);
      }
    } catch (error) {
      damageOf(error);
    }
  }

  /** The records `[first, end)` as they lie; valid until the next call. */
  #fill(first: number, end: number): DataView {
    const size = this.#recordBytes;
    const lengthBytes = (end - first) * size;
    if (this.#buffer.byteLength < lengthBytes) this.#buffer = new DataView(new ArrayBuffer(lengthBytes));
    this.#source.readSync(new Uint8Array(this.#buffer.buffer, 0, lengthBytes), first * size);
    return this.#buffer;
  }

  #keep(number: number, view: DataView, at: number): number {
    const usedBytes = Math.ceil(usedBytesOf(view, at) / 8) * 8;
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.usedBytes + usedBytes > this.#chunkBytes) chunk = this.#newChunk();
    const offset = chunk.usedBytes;
    // Word by word, since making two windows to copy with takes longer than this.
    for (let i = 0; i < usedBytes; i += 4) chunk.view.setInt32(offset + i, view.getInt32(at + i));
    chunk.usedBytes += usedBytes;
    chunk.numbers.push(number);
    const place = (this.#goneChunks + this.#chunks.length - 1) * this.#chunkBytes + offset;
    this.#placeOf.set(number, place);
    return place;
  }

  #newChunk(): Chunk {
    if ((this.#chunks.length + 1) * this.#chunkBytes > MAX_BYTES) {
      for (const number of this.#chunks.shift()?.numbers ?? []) this.#placeOf.set(number, -1);
      this.#goneChunks += 1;
    }
    const chunk = { view: new DataView(new ArrayBuffer(this.#chunkBytes)), numbers: [], usedBytes: 0 };
    this.#chunks.push(chunk);
    return chunk;
  }
}

const PAGE_RECORDS = 1024;

/**
 * Of each record kept its offset in its chunk, and the bytes of all chunks before that one, gone or not; -1 of others. By
 * pages, since a map of a hundred thousand numbers takes ten times as long to look into.
 */
class Places {
  readonly #pages = new Map<number, Float64Array>();
  #lastIndex = -1;
  #lastPage: Float64Array = new Float64Array();

  get(number: number): number {
    return this.#page(Math.floor(number / PAGE_RECORDS))?.[number % PAGE_RECORDS] ?? -1;
  }

  set(number: number, place: number): void {
    const index = Math.floor(number / PAGE_RECORDS);
    const page = this.#page(index) ?? new Float64Array(PAGE_RECORDS).fill(-1);
    this.#pages.set(index, page);
    page[number % PAGE_RECORDS] = place;
  }

  #page(index: number): Float64Array | undefined {
    if (index === this.#lastIndex) return this.#lastPage;
    const page = this.#pages.get(index);
    if (page === undefined) return undefined;
    this.#lastIndex = index;
    this.#lastPage = page;
    return page;
  }
}
