import { SourceError } from "../error.ts";
import type { BlockSource, Extent, RootRange } from "./block-source.ts";
import { MappedSource } from "./mapped.ts";
import { checkRange } from "./range.ts";

/** Ranges of more units than this are searched in the sorted list of changes; shorter ones are looked up unit by unit. */
const LOOKUP_UNITS = 64;

/**
 * A source with some of its units replaced, each by a unit of the donor (the place where a journal holds it) or by bytes in
 * memory. Nothing is written anywhere: this is where a replayed journal, and whatever mends a filesystem, puts its changes.
 */
export class OverlaySource implements BlockSource {
  readonly label: string;
  readonly sizeBytes: number;
  /** What is replaced as a whole: a filesystem block, a sector. */
  readonly unitBytes: number;
  readonly #base: BlockSource;
  readonly #donor: BlockSource | undefined;
  readonly #extents: MappedSource;
  /** By the unit's number: where the donor has it, or its bytes. */
  readonly #changes = new Map<number, number | Uint8Array>();
  /** The keys of the changes in order, made when a long range is asked for. */
  #sorted: Float64Array | undefined;
  #bytesInMemory = 0;
  #closed = false;

  constructor(base: BlockSource, options: { unitBytes: number; donor?: BlockSource }) {
    this.label = base.label;
    this.sizeBytes = base.sizeBytes;
    this.unitBytes = options.unitBytes;
    this.#base = base;
    this.#donor = options.donor;
    this.#extents = new MappedSource(base.label, base.sizeBytes, (offsetBytes, lengthBytes) =>
      this.#map(offsetBytes, lengthBytes),
    );
  }

  /** How many units differ from the base. */
  get changedUnits(): number {
    return this.#changes.size;
  }

  /** What the units that are held in memory take. */
  get bytesInMemory(): number {
    return this.#bytesInMemory;
  }

  /** From now on the unit `unit` (counted from the start) reads as the donor's bytes at `donorOffsetBytes`. */
  remap(unit: number, donorOffsetBytes: number): void {
    checkRange(this, unit * this.unitBytes, 1);
    this.#forget(unit);
    this.#put(unit, donorOffsetBytes);
  }

  /** From now on `[offsetBytes, offsetBytes + bytes.length)` reads as these bytes, which are copied. */
  write(bytes: Uint8Array, offsetBytes: number): void {
    checkRange(this, offsetBytes, bytes.length);
    for (let at = 0; at < bytes.length; ) {
      const unit = Math.floor((offsetBytes + at) / this.unitBytes);
      const inUnit = offsetBytes + at - unit * this.unitBytes;
      const own = this.#own(unit, inUnit === 0 && bytes.length - at >= this.unitBytes);
      const length = Math.min(bytes.length - at, own.length - inUnit);
      own.set(bytes.subarray(at, at + length), inUnit);
      at += length;
    }
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    this.#extents.readSync(into, offsetBytes);
  }

  async read(into: Uint8Array, offsetBytes: number, signal?: AbortSignal): Promise<void> {
    return this.#extents.read(into, offsetBytes, signal);
  }

  extents(offsetBytes: number, lengthBytes: number, avoid?: readonly RootRange[]): Iterable<Extent> {
    return this.#extents.extents(offsetBytes, lengthBytes, avoid);
  }

  /** Gives the memory back. Later reads fail: the base alone would show what the changes had replaced. */
  close(): void {
    this.#closed = true;
    this.#changes.clear();
    this.#sorted = undefined;
    this.#bytesInMemory = 0;
  }

  *#map(offsetBytes: number, lengthBytes: number): Generator<Extent> {
    if (this.#closed) throw new SourceError("read after close", { label: this.label, offsetBytes, lengthBytes });
    const end = offsetBytes + lengthBytes;
    let at = offsetBytes;
    for (const unit of this.#changedWithin(Math.floor(offsetBytes / this.unitBytes), Math.ceil(end / this.unitBytes))) {
      const unitStart = unit * this.unitBytes;
      if (unitStart > at) yield { kind: "data", lengthBytes: unitStart - at, source: this.#base, offsetBytes: at };
      const from = Math.max(unitStart, offsetBytes);
      const to = Math.min(unitStart + this.unitBytes, end);
      yield this.#changed(unit, from - unitStart, to - from);
      at = to;
    }
    if (at < end) yield { kind: "data", lengthBytes: end - at, source: this.#base, offsetBytes: at };
  }

  #changed(unit: number, skipBytes: number, lengthBytes: number): Extent {
    const change = this.#changes.get(unit);
    if (change instanceof Uint8Array) {
      return { kind: "inline", lengthBytes, bytes: change.subarray(skipBytes, skipBytes + lengthBytes) };
    }
    const [source, start] =
      change === undefined || this.#donor === undefined ? [this.#base, unit * this.unitBytes] : [this.#donor, change];
    return { kind: "data", lengthBytes, source, offsetBytes: start + skipBytes };
  }

  /** The changed units of `[first, end)`, ascending. */
  *#changedWithin(first: number, end: number): Generator<number> {
    if (this.#changes.size === 0) return;
    if (end - first <= LOOKUP_UNITS) {
      for (let unit = first; unit < end; unit++) if (this.#changes.has(unit)) yield unit;
      return;
    }
    this.#sorted ??= Float64Array.from(this.#changes.keys()).sort();
    const sorted = this.#sorted;
    for (let i = lowerBound(sorted, first); i < sorted.length; i++) {
      const unit = sorted[i] ?? end;
      if (unit >= end) return;
      yield unit;
    }
  }

  /** The unit's bytes in memory, read beforehand unless all of them are about to be replaced. */
  #own(unit: number, whole: boolean): Uint8Array {
    const change = this.#changes.get(unit);
    if (change instanceof Uint8Array) return change;
    const start = unit * this.unitBytes;
    const bytes = new Uint8Array(Math.min(this.unitBytes, this.sizeBytes - start));
    if (!whole) this.readSync(bytes, start);
    this.#put(unit, bytes);
    this.#bytesInMemory += bytes.length;
    return bytes;
  }

  #put(unit: number, change: number | Uint8Array): void {
    if (!this.#changes.has(unit)) this.#sorted = undefined;
    this.#changes.set(unit, change);
  }

  #forget(unit: number): void {
    const change = this.#changes.get(unit);
    if (change instanceof Uint8Array) this.#bytesInMemory -= change.length;
  }
}

/** The index of the first value that is at least `wanted`. */
function lowerBound(sorted: Float64Array, wanted: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
