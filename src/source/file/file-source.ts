import { closeSync, read as fsRead, readSync as fsReadSync } from "node:fs";
import { SourceError } from "../../error.ts";
import type { BlockSource, RootTransfer } from "../block-source.ts";
import { checkRange } from "../range.ts";
import { type Attempt, type Outcome, ReadRecovery } from "./read-recovery.ts";

/** One open file or device: a source has one, a split image several. */
export interface Segment {
  readonly fd: number;
  readonly sizeBytes: number;
}

/** Files or a device, opened for reading, one after the other. It owns the descriptors. */
export class FileSource implements BlockSource {
  readonly label: string;
  readonly sizeBytes: number;
  readonly sectorBytes?: number;
  readonly transfer: RootTransfer;
  readonly #segments: readonly Segment[];
  /** Where each segment begins. */
  readonly #starts: readonly number[];
  readonly #recovery: ReadRecovery;
  #inFlight = 0;
  #closed = false;

  constructor(label: string, segments: readonly Segment[], sectorBytes?: number) {
    let end = 0;
    this.#starts = segments.map(({ sizeBytes }) => {
      end += sizeBytes;
      return end - sizeBytes;
    });
    this.label = label;
    this.sizeBytes = end;
    if (sectorBytes !== undefined) this.sectorBytes = sectorBytes;
    this.#segments = segments;
    this.transfer = { label, segments: segments.map(({ fd, sizeBytes }) => ({ fd, sizeBytes })) };
    this.#recovery = new ReadRecovery(label, this.sizeBytes);
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    this.#check(offsetBytes, into.length);
    if (this.#readsAtOnce(into, offsetBytes)) return;
    for (const attempt of this.#pieces(into, offsetBytes)) {
      const outcome = tryReadSync(attempt);
      if (outcome === attempt.into.length) continue;
      const steps = this.#recovery.finish(attempt, outcome, (position, bytes) => this.#pieces(bytes, position));
      for (let step = steps.next(); !step.done; ) step = steps.next(tryReadSync(step.value));
    }
    this.#recovery.succeeded();
  }

  async read(into: Uint8Array, offsetBytes: number, signal?: AbortSignal): Promise<void> {
    this.#check(offsetBytes, into.length);
    this.#inFlight += 1;
    try {
      for (const attempt of this.#pieces(into, offsetBytes)) {
        signal?.throwIfAborted();
        const outcome = await tryRead(attempt);
        if (outcome === attempt.into.length) continue;
        const steps = this.#recovery.finish(attempt, outcome, (position, bytes) => this.#pieces(bytes, position));
        for (let step = steps.next(); !step.done; ) {
          signal?.throwIfAborted();
          step = steps.next(await tryRead(step.value));
        }
      }
      this.#recovery.succeeded();
    } finally {
      this.#inFlight -= 1;
      this.#closeWhenIdle();
    }
  }

  /** Reads that are under way end first: their descriptors must not become another file's. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeWhenIdle();
  }

  /** The common case, a healthy single file, without the machinery of the others: metadata is read in millions of small pieces. */
  #readsAtOnce(into: Uint8Array, offsetBytes: number): boolean {
    const [only, second] = this.#segments;
    if (only === undefined || second !== undefined) return false;
    try {
      if (fsReadSync(only.fd, into, 0, into.length, offsetBytes) !== into.length) return false;
      this.#recovery.succeeded();
      return true;
    } catch {
      return false; // tried again with care, which finds out why
    }
  }

  #closeWhenIdle(): void {
    if (!this.#closed || this.#inFlight > 0) return;
    for (const { fd } of this.#segments) closeSync(fd);
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    if (this.#closed)
      throw new SourceError("read after close", { label: this.label, offsetBytes, lengthBytes }, { fatal: true });
    checkRange(this, offsetBytes, lengthBytes);
  }

  /** The reads that fill `into`, one for each segment it touches. */
  *#pieces(into: Uint8Array, offsetBytes: number): Generator<Attempt> {
    let index = this.#segmentAt(offsetBytes);
    for (let at = 0; at < into.length; index++) {
      const segment = this.#segments[index];
      const start = this.#starts[index];
      if (segment === undefined || start === undefined) return;
      const position = offsetBytes + at - start;
      const length = Math.min(into.length - at, segment.sizeBytes - position);
      if (length > 0)
        yield { fd: segment.fd, position, into: into.subarray(at, at + length), sourceOffsetBytes: offsetBytes + at };
      at += length;
    }
  }

  #segmentAt(offsetBytes: number): number {
    let low = 0;
    for (let high = this.#starts.length - 1; low < high; ) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offsetBytes) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function tryReadSync({ fd, into, position }: Attempt): Outcome {
  try {
    return fsReadSync(fd, into, 0, into.length, position);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function tryRead({ fd, into, position }: Attempt): Promise<Outcome> {
  return new Promise((resolve) => {
    fsRead(fd, into, 0, into.length, position, (error, bytesRead) => resolve(error ?? bytesRead));
  });
}
