import { damageOf, type Fault, faultOf } from "../error.ts";
import type { Extent } from "./block-source.ts";
import { type Codec, codecs } from "./codec/codecs.ts";
import { type Piece, planRuns, type Run } from "./read-plan.ts";
import { rescue } from "./rescue.ts";

/** Bytes that are wanted: a resolved extent (its data lies in roots), and where they go: `into` has the extent's length. */
export interface Wanted {
  readonly extent: Extent;
  readonly into: Uint8Array;
}

/** Part of what was wanted that cannot be had; its bytes of `into` are zeros. */
export interface Shortfall {
  readonly wanted: Wanted;
  readonly skipBytes: number;
  readonly lengthBytes: number;
  readonly fault: Fault;
}

/**
 * From the page cache a synchronous read of 4 KiB takes 3 µs and one through a promise 40; from a disk both wait for the
 * disk, and only the latter lets others wait at the same time. So small reads are synchronous while they come back quickly.
 */
const SMALL_READ_BYTES = 128 * 1024;
const SLOW_READ_MS = 0.5;
const COLD_READS = 64;

const READS_IN_FLIGHT = 8;
const SCRATCH_BYTES = 512 * 1024;

/**
 * Reads many extents at once: in physical order, neighbours in one read, several in flight, what is packed decoded. Bad
 * places come back as shortfalls, as small as the device tells; only the end of the source itself is thrown.
 */
export class ExtentReader {
  readonly #scratch: Uint8Array[] = [];
  #coldReads = 0;

  readSync(wanted: readonly Wanted[]): Shortfall[] {
    const job = new Job(wanted);
    const buffer = this.#takeScratch();
    for (const run of planRuns(job.pieces)) {
      const into = run.direct ?? buffer.subarray(0, run.lengthBytes);
      try {
        run.source.readSync(into, run.offsetBytes);
        copyOut(run, into);
      } catch (error) {
        damageOf(error);
        job.failed.push(...run.pieces);
      }
    }
    this.#scratch.push(buffer);
    for (const piece of job.failed) {
      const steps = rescue(piece);
      for (let step = steps.next(); !step.done; ) {
        try {
          step.value.source.readSync(step.value.into, step.value.offsetBytes);
          step = steps.next(undefined);
        } catch (error) {
          step = steps.next(damageOf(error));
        }
      }
    }
    return job.finish();
  }

  async read(wanted: readonly Wanted[], signal?: AbortSignal): Promise<Shortfall[]> {
    const job = new Job(wanted);
    const runs = planRuns(job.pieces)[Symbol.iterator]();
    const lane = async (): Promise<void> => {
      const buffer = this.#takeScratch();
      try {
        for (let next = runs.next(); next.done !== true; next = runs.next()) {
          signal?.throwIfAborted();
          const run = next.value;
          const into = run.direct ?? buffer.subarray(0, run.lengthBytes);
          try {
            if (this.#isQuick(run)) this.#readQuickly(run, into);
            else await run.source.read(into, run.offsetBytes, signal);
            copyOut(run, into);
          } catch (error) {
            damageOf(error);
            job.failed.push(...run.pieces);
          }
        }
      } finally {
        this.#scratch.push(buffer);
      }
    };
    // Until every lane has ended, reads still own their buffers.
    const lanes = Array.from({ length: Math.min(READS_IN_FLIGHT, job.pieces.length) }, lane);
    for (const result of await Promise.allSettled(lanes)) if (result.status === "rejected") throw result.reason;
    for (const piece of job.failed) {
      const steps = rescue(piece);
      for (let step = steps.next(); !step.done; ) {
        signal?.throwIfAborted();
        try {
          await step.value.source.read(step.value.into, step.value.offsetBytes, signal);
          step = steps.next(undefined);
        } catch (error) {
          step = steps.next(damageOf(error));
        }
      }
    }
    return job.finish();
  }

  #isQuick(run: Run): boolean {
    if (run.lengthBytes > SMALL_READ_BYTES) return false;
    if (this.#coldReads === 0) return true;
    this.#coldReads -= 1;
    return false;
  }

  #readQuickly(run: Run, into: Uint8Array): void {
    const start = performance.now();
    run.source.readSync(into, run.offsetBytes);
    if (performance.now() - start > SLOW_READ_MS) this.#coldReads = COLD_READS;
  }

  #takeScratch(): Uint8Array {
    return this.#scratch.pop() ?? new Uint8Array(SCRATCH_BYTES);
  }
}

interface Unpacking {
  readonly extent: Extract<Extent, { kind: "packed" }>;
  readonly parts: readonly Uint8Array[];
  readonly into: Uint8Array;
  readonly wanted: Wanted;
}

/** What is wanted as pieces to read and units to decode, and what came of it. */
class Job {
  readonly pieces: Piece[] = [];
  readonly failed: Piece[] = [];
  /** Inner units before those that are made of them. */
  readonly #unpackings: Unpacking[] = [];
  readonly #shortfalls: Shortfall[] = [];
  /** Wanted extents that are short as a whole, since they are computed from what could not be read. */
  readonly #spoilt = new Map<Wanted, Fault>();

  constructor(wanted: readonly Wanted[]) {
    for (const one of wanted) this.#want(one.extent, one.into, one);
  }

  finish(): Shortfall[] {
    for (const unpacking of this.#unpackings) {
      if (!this.#spoilt.has(unpacking.wanted)) this.#unpack(unpacking);
    }
    for (const [wanted, fault] of this.#spoilt) {
      wanted.into.fill(0);
      this.#shortfalls.push({ wanted, skipBytes: 0, lengthBytes: wanted.extent.lengthBytes, fault });
    }
    return this.#shortfalls;
  }

  #want(extent: Extent, into: Uint8Array, wanted: Wanted): void {
    switch (extent.kind) {
      case "data": {
        const short = (skipBytes: number, lengthBytes: number, fault: Fault) =>
          wanted.extent === extent ? this.#short(wanted, skipBytes, lengthBytes, fault) : this.#spoil(wanted, fault);
        this.pieces.push({ source: extent.source, offsetBytes: extent.offsetBytes, into, short });
        return;
      }
      case "hole":
        into.fill(0);
        return;
      case "inline":
        into.set(extent.bytes);
        return;
      case "packed": {
        const parts = extent.parts.map((part) => new Uint8Array(part.lengthBytes));
        for (const [i, part] of extent.parts.entries()) this.#want(part, parts[i] ?? new Uint8Array(), wanted);
        this.#unpackings.push({ extent, parts, into, wanted });
        return;
      }
      case "missing":
        this.#spoil(wanted, extent.fault);
    }
  }

  #short(wanted: Wanted, skipBytes: number, lengthBytes: number, fault: Fault): void {
    wanted.into.fill(0, skipBytes, skipBytes + lengthBytes);
    this.#shortfalls.push({ wanted, skipBytes, lengthBytes, fault });
  }

  #spoil(wanted: Wanted, fault: Fault): void {
    if (!this.#spoilt.has(wanted)) this.#spoilt.set(wanted, fault);
  }

  #unpack({ extent, parts, into, wanted }: Unpacking): void {
    const codec: Codec = codecs[extent.codec];
    const whole = extent.skipBytes === 0 && into.length === extent.unitBytes;
    const unit = whole ? into : new Uint8Array(extent.unitBytes);
    try {
      codec(parts, unit);
      if (!whole) into.set(unit.subarray(extent.skipBytes, extent.skipBytes + into.length));
    } catch (error) {
      this.#spoil(wanted, faultOf(error));
    }
  }
}

function copyOut(run: Run, bytes: Uint8Array): void {
  if (run.direct !== undefined) return;
  for (const piece of run.pieces) {
    const at = piece.offsetBytes - run.offsetBytes;
    piece.into.set(bytes.subarray(at, at + piece.into.length));
  }
}
