import type { Hash } from "node:crypto";
import { NomountError } from "../../error.ts";
import type { Extent, Place } from "../../source/block-source.ts";
import { ExtentReader, type Wanted } from "../../source/extent-reader.ts";
import { sliceExtent } from "../../source/mapped.ts";
import { takesRoom } from "../../source/window.ts";
import type { BadRanges } from "../bad-ranges.ts";
import { hashZeros } from "../digest.ts";
import { DIRECT_BYTES, type Out } from "../direct.ts";
import { reason } from "../failure.ts";

const SLAB_BYTES = 1024 * 1024;
/** Being filled, read, or written: this bounds the memory, whatever is slow. */
const MAX_SLABS = 4;
/** What goes around the slab is counted too: a slab that stood for a gigabyte would tell of no progress. */
const SLAB_SENT_BYTES = 4 * SLAB_BYTES;

/** Part of a content that goes from its root to the stream directly. */
interface Sending {
  /** Where in the slab it belongs. */
  readonly slabOffset: number;
  readonly place: Place;
  readonly lengthBytes: number;
  readonly bad: BadRanges;
  /** Where in the content it begins. */
  readonly offsetBytes: number;
}

interface Slab {
  readonly buffer: Uint8Array;
  used: number;
  readonly sendings: Sending[];
  sentBytes: number;
  readonly pieces: { readonly wanted: Wanted; readonly bad: BadRanges; readonly offsetBytes: number }[];
  /** What of the buffer, or how many zeros that are not in it, go into which digest, in the order of contents. */
  readonly hashed: { readonly hash: Hash; readonly start: number; readonly end: number; readonly zeros: number }[];
  /** To be told when all of it is written. */
  readonly written: (() => void)[];
}

/**
 * A stream that is laid out before it is read: literal bytes and places of content go into slabs of 1 MiB; each is read in
 * physical order when it is full, while the next one is laid out and the one before it is written.
 */
export class SlabStream {
  readonly #out: Out;
  readonly #reader = new ExtentReader();
  readonly #spare: Uint8Array[] = [];
  readonly #abort = new AbortController();
  readonly #streamFailed: (error: Error) => void;
  #slab = emptySlab(new Uint8Array(SLAB_BYTES));
  readonly #reads = new Set<Promise<void>>();
  #inFlight = 0;
  #tail: Promise<void> = Promise.resolve();
  #error: unknown;
  #offsetBytes = 0;
  #waiting: (() => void)[] = [];
  /** Resolves when all is lost: a write to a reader that has stopped may never end. */
  readonly #over = deferred();

  constructor(out: Out) {
    this.#out = out;
    // Each write is told of its own failure; this is for those between writes, and so that none is thrown where nobody is.
    this.#streamFailed = (error) => this.#fail(error);
    out.on("error", this.#streamFailed);
  }

  /** How many bytes have been laid out. */
  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  bytes(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.#space());
      this.#slab.buffer.set(part, this.#slab.used);
      this.#take(part.length);
      at += part.length;
    }
  }

  zeros(lengthBytes: number): void {
    for (let rest = lengthBytes; rest > 0; ) {
      const length = Math.min(rest, this.#space());
      this.#slab.buffer.fill(0, this.#slab.used, this.#slab.used + length);
      this.#take(length);
      rest -= length;
    }
  }

  /**
   * As much of an extent as there is room for in this slab; how much that was. What cannot be read becomes zeros, and is told
   * to `bad` by its place in the content, where the extent begins at `offsetBytes`. `hash` is fed when the bytes are there.
   */
  extent(extent: Extent, offsetBytes: number, bad: BadRanges, hash?: Hash): number {
    // What is hashed has to come by.
    if (hash === undefined && extent.kind === "data" && extent.lengthBytes >= DIRECT_BYTES && this.#out.direct !== undefined)
      return this.#sendDirectly(extent, offsetBytes, bad);
    const length = Math.min(extent.lengthBytes, this.#space());
    const slab = this.#slab;
    if (hash !== undefined) slab.hashed.push({ hash, start: slab.used, end: slab.used + length, zeros: 0 });
    if (extent.kind === "missing") bad.add(offsetBytes, length, extent.fault);
    if (takesRoom(extent)) {
      const into = slab.buffer.subarray(slab.used, slab.used + length);
      slab.pieces.push({ wanted: { extent: sliceExtent(extent, 0, length), into }, bad, offsetBytes });
    } else slab.buffer.fill(0, slab.used, slab.used + length);
    this.#take(length);
    return length;
  }

  /** A hole that is not in the stream, but in the digest of its file. */
  hole(lengthBytes: number, hash: Hash | undefined): void {
    if (hash !== undefined) this.#slab.hashed.push({ hash, start: 0, end: 0, zeros: lengthBytes });
  }

  /** Calls back when everything up to here has been written. */
  whenWritten(tell: () => void): void {
    this.#slab.written.push(tell);
  }

  /** When there are slabs enough under way, a promise that there is room for more. */
  room(): Promise<void> | undefined {
    if (this.#error !== undefined) throw this.#error;
    if (this.#inFlight < MAX_SLABS - 1) return undefined;
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.room());
  }

  /** Writes what is left, and resolves when all is written. The stream is not ended: it is its owner's. */
  async finish(): Promise<void> {
    this.#send();
    await Promise.race([this.#tail, this.#over.promise]);
    this.#out.off("error", this.#streamFailed);
    if (this.#error !== undefined) throw this.#error;
  }

  /** Writes nothing more, and resolves when nothing is read any more. */
  async abort(): Promise<void> {
    this.#fail(new NomountError("sink", "the stream was ended before it was complete"));
    this.#abort.abort();
    await Promise.allSettled(this.#reads);
  }

  #space(): number {
    if (this.#slab.used === SLAB_BYTES) this.#send();
    return SLAB_BYTES - this.#slab.used;
  }

  #take(lengthBytes: number): void {
    this.#slab.used += lengthBytes;
    this.#offsetBytes += lengthBytes;
  }

  #send(): void {
    const slab = this.#slab;
    this.#slab = emptySlab(this.#spare.pop() ?? new Uint8Array(SLAB_BYTES));
    if (this.#error !== undefined) return;
    this.#inFlight += 1;
    const read = this.#read(slab);
    this.#reads.add(read);
    read.catch(() => undefined).then(() => this.#reads.delete(read));
    this.#tail = this.#tail
      .then(() => read)
      .then(() => this.#write(slab))
      .catch((error: unknown) => this.#fail(error))
      .then(() => {
        this.#inFlight -= 1;
        this.#spare.push(slab.buffer);
        this.#tellRoom();
      });
  }

  async #read({ pieces }: Slab): Promise<void> {
    if (pieces.length === 0) return;
    const shortfalls = await this.#reader.read(
      pieces.map(({ wanted }) => wanted),
      this.#abort.signal,
    );
    if (shortfalls.length === 0) return;
    const places = new Map(pieces.map((piece) => [piece.wanted, piece]));
    for (const { wanted, skipBytes, lengthBytes, fault } of shortfalls) {
      const place = places.get(wanted);
      place?.bad.add(place.offsetBytes + skipBytes, lengthBytes, fault);
    }
  }

  #sendDirectly({ source, offsetBytes, lengthBytes }: DataExtent, contentOffset: number, bad: BadRanges): number {
    const slab = this.#slab;
    const place = { source, offsetBytes };
    const length = Math.min(lengthBytes, SLAB_SENT_BYTES - slab.sentBytes);
    this.#out.direct?.expect(place, length);
    slab.sendings.push({ slabOffset: slab.used, place, lengthBytes: length, bad, offsetBytes: contentOffset });
    slab.sentBytes += length;
    this.#offsetBytes += length;
    if (slab.sentBytes === SLAB_SENT_BYTES) this.#send();
    return length;
  }

  async #write({ buffer, used, sendings, written, hashed }: Slab): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    for (const { hash, start, end, zeros } of hashed) {
      hash.update(buffer.subarray(start, end));
      await hashZeros(hash, zeros);
    }
    let at = 0;
    for (const sending of sendings) {
      await this.#writeBytes(buffer.subarray(at, sending.slabOffset));
      at = sending.slabOffset;
      const { place, lengthBytes } = sending;
      const sentBytes = this.#out.direct?.send(place, lengthBytes) ?? 0;
      if (sentBytes < lengthBytes) await this.#copy(sending, sentBytes);
    }
    await this.#writeBytes(buffer.subarray(at, used));
    for (const tell of written) tell();
  }

  /** What could not be sent, or not all of it, is read and written. */
  async #copy({ place, lengthBytes, bad, offsetBytes }: Sending, sentBytes: number): Promise<void> {
    const buffer = new Uint8Array(Math.min(SLAB_BYTES, lengthBytes - sentBytes));
    for (let at = sentBytes; at < lengthBytes; at += buffer.length) {
      const into = buffer.subarray(0, lengthBytes - at);
      const { source } = place;
      const extent = { kind: "data", source, offsetBytes: place.offsetBytes + at, lengthBytes: into.length } as const;
      const shortfalls = await this.#reader.read([{ extent, into }], this.#abort.signal);
      for (const short of shortfalls) bad.add(offsetBytes + at + short.skipBytes, short.lengthBytes, short.fault);
      await this.#writeBytes(into);
    }
  }

  async #writeBytes(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (bytes.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.#out.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  #fail(error: unknown): void {
    this.#error ??= error instanceof NomountError ? error : new NomountError("sink", `tar: ${reason(error)}`, { cause: error });
    this.#over.resolve();
    this.#tellRoom();
  }

  #tellRoom(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}

type DataExtent = Extract<Extent, { kind: "data" }>;

function emptySlab(buffer: Uint8Array): Slab {
  return { buffer, used: 0, sendings: [], sentBytes: 0, pieces: [], hashed: [], written: [] };
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
