import { SourceError } from "../../error.ts";

/** One read of one descriptor. `sourceOffsetBytes`: the same place in the whole source, for messages. */
export interface Attempt {
  readonly fd: number;
  readonly position: number;
  readonly into: Uint8Array;
  readonly sourceOffsetBytes: number;
}

/** Bytes read, or why none were. */
export type Outcome = number | Error;

/** The attempts that fill a range of the source: more than one where it spans parts of a split image. */
type Pieces = (offsetBytes: number, into: Uint8Array) => Iterable<Attempt>;

/** Attempts to be made by whoever drives it, synchronously or not; it is given each outcome. */
type Steps<R> = Generator<Attempt, R, Outcome>;

const SECTOR_BYTES = 512;

/** What the kernel says of a device that has gone: no retry can help. ESTALE: the file server no longer knows the file. */
const GONE = new Set(["ENXIO", "ENODEV", "ENOMEDIUM", "ESHUTDOWN", "ESTALE"]);

/** So many sectors in a row without one success, and each eightfold of them, make the whole source suspect. */
const SUSPECT_FAILURES = 8;
const PROBES = 8;

/**
 * What to do when a read came back short or not at all: the rest is read by the sector, so that a bad place costs no more
 * than itself, and a source of which no part can be read any more is told from one with a bad place.
 */
export class ReadRecovery {
  readonly #label: string;
  readonly #sizeBytes: number;
  #failures = 0;
  #suspectAt = SUSPECT_FAILURES;
  #dead = false;

  constructor(label: string, sizeBytes: number) {
    this.#label = label;
    this.#sizeBytes = sizeBytes;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#suspectAt = SUSPECT_FAILURES;
    this.#dead = false;
  }

  /** Goes on with an attempt that did not fill its bytes; throws a `SourceError` with the exact range that cannot be had. */
  *finish(attempt: Attempt, outcome: Outcome, pieces: Pieces): Steps<void> {
    let rest = attempt;
    for (let last = outcome; ; last = yield rest) {
      if (typeof last !== "number") return yield* this.#bySector(rest, last, pieces);
      if (last === 0) throw this.#ended(rest);
      rest = advance(rest, last);
      if (rest.into.length === 0) return;
    }
  }

  *#bySector(attempt: Attempt, cause: Error, pieces: Pieces): Steps<void> {
    this.#throwIfGone(attempt, cause);
    if (this.#dead) throw this.#death(this.#rangeOf(attempt), cause);
    let bad: { offsetBytes: number; lengthBytes: number; cause: Error } | undefined;
    for (const sector of sectors(attempt)) {
      const failure = yield* this.#whole(sector);
      if (failure === undefined) {
        this.succeeded();
        if (bad !== undefined) break;
        continue;
      }
      this.#throwIfGone(sector, failure);
      bad ??= { offsetBytes: sector.sourceOffsetBytes, lengthBytes: 0, cause: failure };
      bad.lengthBytes += sector.into.length;
      this.#failures += 1;
      if (this.#failures >= this.#suspectAt) yield* this.#suspect(bad, pieces);
    }
    if (bad === undefined) return;
    const { offsetBytes, lengthBytes } = bad;
    throw new SourceError(
      `read of ${lengthBytes} bytes failed: ${bad.cause.message}`,
      { label: this.#label, offsetBytes, lengthBytes },
      { cause: bad.cause },
    );
  }

  /** Reads all of a sector; why it could not be read, or undefined. */
  *#whole(sector: Attempt): Steps<Error | undefined> {
    for (let rest = sector; rest.into.length > 0; ) {
      const outcome: Outcome = yield rest;
      if (typeof outcome !== "number") return outcome;
      if (outcome === 0) throw this.#ended(rest);
      rest = advance(rest, outcome);
    }
    return undefined;
  }

  /** Tries places all over the source; when none can be read, it has died. */
  *#suspect(bad: { offsetBytes: number; lengthBytes: number; cause: Error }, pieces: Pieces): Steps<void> {
    this.#suspectAt *= SUSPECT_FAILURES;
    const lengthBytes = Math.min(SECTOR_BYTES, this.#sizeBytes);
    for (let i = 0; i < PROBES; i++) {
      const place = Math.floor(((this.#sizeBytes - lengthBytes) * i) / (PROBES - 1));
      for (const probe of pieces(place - (place % SECTOR_BYTES), new Uint8Array(lengthBytes))) {
        if (typeof (yield probe) === "number") return;
      }
    }
    this.#dead = true;
    throw this.#death({ label: this.#label, offsetBytes: bad.offsetBytes, lengthBytes: bad.lengthBytes }, bad.cause);
  }

  #death(range: { label: string; offsetBytes: number; lengthBytes: number }, cause: Error): SourceError {
    const text = `every read fails now (${cause.message}): the device has died, or the snapshot it is has overflowed`;
    return new SourceError(text, range, { cause, fatal: true });
  }

  #throwIfGone(attempt: Attempt, cause: Error): void {
    if (!("code" in cause && typeof cause.code === "string" && GONE.has(cause.code))) return;
    throw new SourceError(`the device has gone: ${cause.message}`, this.#rangeOf(attempt), { cause, fatal: true });
  }

  #ended(attempt: Attempt): SourceError {
    const message = `the source ends here, though it was ${this.#sizeBytes} bytes long when it was opened`;
    return new SourceError(message, this.#rangeOf(attempt));
  }

  #rangeOf(attempt: Attempt): { label: string; offsetBytes: number; lengthBytes: number } {
    return { label: this.#label, offsetBytes: attempt.sourceOffsetBytes, lengthBytes: attempt.into.length };
  }
}

function advance(attempt: Attempt, doneBytes: number): Attempt {
  const { fd, position, into, sourceOffsetBytes } = attempt;
  return {
    fd,
    position: position + doneBytes,
    into: into.subarray(doneBytes),
    sourceOffsetBytes: sourceOffsetBytes + doneBytes,
  };
}

function* sectors(attempt: Attempt): Generator<Attempt> {
  for (let rest = attempt; rest.into.length > 0; ) {
    const lengthBytes = Math.min(rest.into.length, SECTOR_BYTES - (rest.position % SECTOR_BYTES));
    yield { ...rest, into: rest.into.subarray(0, lengthBytes) };
    rest = advance(rest, lengthBytes);
  }
}
