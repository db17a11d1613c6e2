import { SourceError } from "../error.ts";
import type { BlockSource, Extent } from "./block-source.ts";
import { checkRange } from "./range.ts";

const SECTOR_BYTES = 512;
/** Pages lie together in blocks of memory of this size: a piece of memory for each costs as much as reading it. */
const SLAB_BYTES = 256 * 1024;

/**
 * Keeps recently read pages of another source for `readSync`: metadata is read in small pieces, many of them again. Reads of
 * a page or more, and all of `read`, pass by: file data would only push the metadata out.
 */
export class CachedSource implements BlockSource {
  readonly label: string;
  readonly sizeBytes: number;
  readonly #inner: BlockSource;
  readonly #pageBytes: number;
  readonly #maxPages: number;
  readonly #pagesPerSlab: number;
  /** The slots of the pages that are kept, by the page's number. Insertion order is age: a page that is used is put in anew. */
  readonly #slots = new Map<number, number>();
  #slabs: Uint8Array[] = [];
  /** Where the next page goes: one slot more than there are pages, so that a failed read costs none of them. */
  #freeSlot = 0;
  #lastIndex = -1;
  #lastSlot = 0;

  constructor(inner: BlockSource, options: { pageBytes?: number; maxPages?: number } = {}) {
    this.#inner = inner;
    this.label = inner.label;
    this.sizeBytes = inner.sizeBytes;
    this.#pageBytes = options.pageBytes ?? 4096;
    this.#maxPages = options.maxPages ?? 4096;
    this.#pagesPerSlab = Math.min(this.#maxPages + 1, Math.max(1, Math.floor(SLAB_BYTES / this.#pageBytes)));
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    checkRange(this, offsetBytes, into.length);
    const pageBytes = this.#pageBytes;
    if (into.length >= pageBytes && (into.length > pageBytes || offsetBytes % pageBytes !== 0)) {
      this.#inner.readSync(into, offsetBytes);
      return;
    }
    for (let at = 0; at < into.length; ) {
      const position = offsetBytes + at;
      const index = Math.floor(position / pageBytes);
      const inPage = position - index * pageBytes;
      const length = Math.min(into.length - at, pageBytes - inPage);
      const slot = this.#slotOf(index);
      if (slot === undefined) this.#readSectors(into.subarray(at, at + length), position);
      else into.set(this.#partOf(slot, inPage, length), at);
      at += length;
    }
  }

  read(into: Uint8Array, offsetBytes: number, signal?: AbortSignal): Promise<void> {
    return this.#inner.read(into, offsetBytes, signal);
  }

  *extents(offsetBytes: number, lengthBytes: number): Iterable<Extent> {
    checkRange(this, offsetBytes, lengthBytes);
    yield { kind: "data", lengthBytes, source: this.#inner, offsetBytes };
  }

  close(): void {
    this.#slots.clear();
    this.#slabs = [];
    this.#freeSlot = 0;
    this.#lastIndex = -1;
  }

  /** Where the page is kept, or undefined when it cannot be read as a whole and the wanted sectors are to be tried alone. */
  #slotOf(index: number): number | undefined {
    if (index === this.#lastIndex) return this.#lastSlot;
    let slot = this.#slots.get(index);
    if (slot === undefined) {
      if (!this.#load(index)) return undefined;
      slot = this.#freeSlot;
      this.#freeSlot = this.#slots.size < this.#maxPages ? this.#slots.size + 1 : this.#forgetOldest();
    } else {
      this.#slots.delete(index);
    }
    this.#slots.set(index, slot);
    this.#lastIndex = index;
    this.#lastSlot = slot;
    return slot;
  }

  /** Gives its slot. */
  #forgetOldest(): number {
    for (const [index, slot] of this.#slots) {
      this.#slots.delete(index);
      return slot;
    }
    return 0;
  }

  /** Reads a page into the free slot; false where a part of it cannot be read. */
  #load(index: number): boolean {
    const start = index * this.#pageBytes;
    const page = this.#partOf(this.#freeSlot, 0, Math.min(this.#pageBytes, this.sizeBytes - start));
    try {
      this.#inner.readSync(page, start);
      return true;
    } catch (error) {
      if (error instanceof SourceError && !error.fatal) return false;
      throw error;
    }
  }

  #partOf(slot: number, inPage: number, length: number): Uint8Array {
    const number = Math.floor(slot / this.#pagesPerSlab);
    const slab = this.#slabs[number] ?? new Uint8Array(this.#pagesPerSlab * this.#pageBytes);
    this.#slabs[number] = slab;
    const start = (slot - number * this.#pagesPerSlab) * this.#pageBytes + inPage;
    return slab.subarray(start, start + length);
  }

  /** A page with a bad sector fails as a whole, though most of its sectors can be had. */
  #readSectors(into: Uint8Array, offsetBytes: number): void {
    const start = offsetBytes - (offsetBytes % SECTOR_BYTES);
    const end = Math.min(this.sizeBytes, Math.ceil((offsetBytes + into.length) / SECTOR_BYTES) * SECTOR_BYTES);
    const sectors = new Uint8Array(end - start);
    this.#inner.readSync(sectors, start);
    into.set(sectors.subarray(offsetBytes - start, offsetBytes - start + into.length));
  }
}
