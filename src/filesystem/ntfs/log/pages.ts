import { damageOf } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { applyUpdateSequence } from "../update-sequence.ts";
import { recordPage } from "./layout.ts";
import type { Restart } from "./restart.ts";

/** A page of records, its update sequence undone. */
export interface LogPage {
  readonly bytes: Uint8Array;
  /** The last record that begins here or before. */
  readonly lastLsn: bigint;
  /** The last record that ends here, where `endsRecord`. */
  readonly lastEndLsn: bigint;
  readonly endsRecord: boolean;
  /** Of the write that the page was part of. */
  readonly position: number;
  readonly count: number;
}

const RECORD_SIGNATURE = 0x44524352;
const RECORD_END = 1;
/** Pages ahead of the records: two to restart from, and the copies; in version 1 two of these, in version 2 32. */
const FIRST_COPY = 2;
const FIRST_PAGE_1 = 4;
const FIRST_PAGE_2 = 34;
const KEPT_PAGES = 64;

/**
 * The log as a ring of pages. A page that is not full yet is not written over where it lies, since the write may tear: a copy
 * goes to the pages ahead of the ring, in turns. So the newest of a page's contents may be there.
 */
export class LogPages {
  readonly pageBytes: number;
  /** Where the ring begins, and where it ends. */
  readonly firstOffset: number;
  readonly endOffset: number;
  readonly #log: BlockSource;
  readonly #restart: Restart;
  readonly #kept = new Map<number, LogPage | undefined>();
  /** Contents that stand for what lies in the ring, by offset. */
  readonly #replaced = new Map<number, LogPage>();
  #copies: ReadonlyMap<number, readonly LogPage[]> | undefined;

  constructor(log: BlockSource, restart: Restart) {
    this.#log = log;
    this.#restart = restart;
    this.pageBytes = restart.pageBytes;
    this.firstOffset = this.#firstPage * restart.pageBytes;
    this.endOffset = restart.logBytes;
  }

  /** Undefined of a page that is torn, or none of records. */
  page(offset: number): LogPage | undefined {
    return this.#replaced.get(offset) ?? this.pageInRing(offset);
  }

  /** What lies there, whatever copies there are. */
  pageInRing(offset: number): LogPage | undefined {
    if (this.#kept.has(offset)) return this.#kept.get(offset);
    const page = this.#parse(this.#read(offset), false);
    if (this.#kept.size >= KEPT_PAGES) {
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest);
        break;
      }
    }
    this.#kept.set(offset, page);
    return page;
  }

  /** The copies of a page, that may be older or newer than it. */
  copiesOf(offset: number): readonly LogPage[] {
    this.#copies ??= this.#readCopies();
    return this.#copies.get(offset) ?? [];
  }

  /** From now on `page` is what lies at `offset`. */
  replace(offset: number, page: LogPage): void {
    this.#replaced.set(offset, page);
  }

  /** The page after that at `offset`, round the ring. */
  next(offset: number): number {
    const next = offset + this.pageBytes;
    return next >= this.endOffset ? this.firstOffset : next;
  }

  get #firstPage(): number {
    return this.#restart.majorVersion >= 2 ? FIRST_PAGE_2 : FIRST_PAGE_1;
  }

  #readCopies(): ReadonlyMap<number, readonly LogPage[]> {
    const copies = new Map<number, LogPage[]>();
    for (let number = FIRST_COPY; number < this.#firstPage; number++) {
      const bytes = this.#read(number * this.pageBytes);
      const page = this.#parse(bytes, true);
      if (page === undefined) continue;
      const header = recordPage.view(page.bytes);
      const offset = this.#restart.majorVersion >= 2 ? header.fileOffset : Number(header.lastLsn);
      const list = copies.get(offset) ?? [];
      list.push(page);
      copies.set(offset, list);
    }
    return copies;
  }

  #read(offset: number): Uint8Array {
    const bytes = new Uint8Array(this.pageBytes);
    try {
      this.#log.readSync(bytes, offset);
    } catch (error) {
      // A page that cannot be read is as good as torn: whether that matters shows when it is needed.
      damageOf(error);
      bytes.fill(0);
    }
    return bytes;
  }

  #parse(bytes: Uint8Array, isCopy: boolean): LogPage | undefined {
    const view = new DataView(bytes.buffer);
    const header = recordPage.view(view);
    if (header.signature !== RECORD_SIGNATURE || applyUpdateSequence(view, 0, bytes.length) !== undefined) return undefined;
    const { lastEndLsn } = header;
    // In a copy of version 1 this field tells the page's place, and the page was written alone.
    const placeInstead = isCopy && this.#restart.majorVersion < 2;
    return {
      bytes,
      lastLsn: placeInstead ? lastEndLsn : header.lastLsn,
      lastEndLsn,
      endsRecord: (header.flags & RECORD_END) !== 0,
      position: isCopy ? 1 : header.pagePosition,
      count: isCopy ? 1 : header.pageCount,
    };
  }
}
