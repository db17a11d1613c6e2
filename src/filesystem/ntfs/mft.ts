import { damageOf, NomountError, type Where } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { type FileRecord, preparedRecord, preparedStaleness, staleness } from "./file-record.ts";
import type { Reference } from "./ids.ts";
import { RecordCache } from "./record-cache.ts";

/** Fewer records to a read are worth more of them at once. */
const SCATTERED = 16;

/** $MFT: every file is one of its records, some are more. */
export class Mft {
  readonly recordBytes: number;
  readonly recordCount: number;
  readonly #content: BlockSource;
  readonly #mirror: ReadonlyMap<number, FileRecord>;
  readonly #cache: RecordCache;

  /** `mirror` has the records to be taken from $MFTMirr, since they are damaged here. */
  constructor(content: BlockSource, recordBytes: number, mirror: ReadonlyMap<number, FileRecord>) {
    this.#content = content;
    this.recordBytes = recordBytes;
    this.recordCount = Math.floor(content.sizeBytes / recordBytes);
    this.#mirror = mirror;
    this.#cache = new RecordCache(content, recordBytes, this);
  }

  /** A record, checked; in use or not. Throws `path` where there is no such record, `corrupt` where it is damaged. */
  record(number: number): FileRecord {
    const mirrored = this.#mirror.get(number);
    if (mirrored !== undefined) return mirrored;
    this.#check(number);
    const { view, start } = this.#cache.record(number);
    return preparedRecord(view, start, number, this);
  }

  /**
   * Reads what of these records is not at hand yet, in the order in which they lie. Returns whether they lie so scattered
   * that more at once would take fewer reads.
   */
  preload(numbers: readonly number[]): boolean {
    return this.#cache.preload(numbers) * SCATTERED > numbers.length;
  }

  /** How many records are worth preloading at once. */
  get batchRecords(): number {
    return this.#cache.capacity;
  }

  /** What a record's header says of a reference to it; undefined where all is well, or the record is so damaged that it must tell itself. */
  staleness(reference: Reference): string | undefined {
    const { record } = reference;
    const mirrored = this.#mirror.get(record);
    if (mirrored !== undefined) return staleness(reference, mirrored.sequence, mirrored.inUse);
    if (!(record < this.recordCount)) return undefined;
    try {
      const { view, start } = this.#cache.record(record);
      return preparedStaleness(reference, view, start);
    } catch (error) {
      damageOf(error);
      return undefined;
    }
  }

  /** Where a record begins: on the volume, as far as its place is known. */
  where(number: number): Where {
    const { label } = this.#content;
    for (const extent of this.#content.extents?.(number * this.recordBytes, this.recordBytes) ?? []) {
      if (extent.kind === "data") return { label: extent.source.label, offsetBytes: extent.offsetBytes };
    }
    return { label };
  }

  #check(number: number): void {
    if (number >= 0 && number < this.recordCount) return;
    throw new NomountError("path", `ntfs: there is no FILE record ${number}: $MFT has ${this.recordCount}`, {
      where: { label: this.#content.label },
    });
  }
}
