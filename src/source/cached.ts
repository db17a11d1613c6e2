import { SourceError } from "../error.ts";
import type { BlockSource, Extent } from "./block-source.ts";
import { checkRange } from "./range.ts";

const SECTOR_BYTES = 512;

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
  /** Insertion order is age: a page that is used is put in anew. */
  readonly #pages = new Map<number, Uint8Array>();
  #lastIndex = -1;
  #lastPage: Uint8Array = new Uint8Array();

  constructor(inner: BlockSource, options: { pageBytes?: number; maxPages?: number } = {}) {
    this.#inner = inner;
    this.label = inner.label;
    this.sizeBytes = inner.sizeBytes;
    this.#pageBytes = options.pageBytes ?? 4096;
    this.#maxPages = options.maxPages ?? 4096;
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
      const page = this.#page(index);
      if (page === undefined) this.#readSectors(into.subarray(at, at + length), position);
      else into.set(page.subarray(inPage, inPage + length), at);
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
    this.#pages.clear();
    this.#lastIndex = -1;
  }

  /** The page, or undefined when it cannot be read as a whole and the wanted sectors are to be tried alone. */
  #page(index: number): Uint8Array | undefined {
    if (index === this.#lastIndex) return this.#lastPage;
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = this.#load(index);
      if (page === undefined) return undefined;
      if (this.#pages.size >= this.#maxPages) {
        for (const oldest of this.#pages.keys()) {
          this.#pages.delete(oldest);
          break;
        }
      }
    } else {
      this.#pages.delete(index);
    }
    this.#pages.set(index, page);
    this.#lastIndex = index;
    this.#lastPage = page;
    return page;
  }

  #load(index: number): Uint8Array | undefined {
    const start = index * this.#pageBytes;
    const page = new Uint8Array(Math.min(this.#pageBytes, this.sizeBytes - start));
    try {
      this.#inner.readSync(page, start);
      return page;
    } catch (error) {
      if (error instanceof SourceError && !error.fatal) return undefined;
      throw error;
    }
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
