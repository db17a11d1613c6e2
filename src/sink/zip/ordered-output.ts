import type { Writable } from "node:stream";
import { NomountError } from "../../error.ts";
import { reason } from "../failure.ts";

/** Members under way at most, and the bytes that they hold. */
const MAX_MEMBERS = 64;
const MAX_BYTES = 8 * 1024 * 1024;
/** Pieces of one file that are compressed at once. */
const MAX_PIECES = 5;

/** A stream that several members are made for at the same time, and that they are written to one after the other. */
export class OrderedOutput {
  readonly #out: Writable;
  readonly #abort = new AbortController();
  readonly #outFailed = (error: Error): void => this.#fail(error);
  #last: Promise<void> = Promise.resolve();
  #members = 0;
  #heldBytes = 0;
  #offsetBytes = 0;
  #pieces: Promise<void> = Promise.resolve();
  #pieceCount = 0;
  #waiting: (() => void)[] = [];
  #error: unknown;
  /** Of the write under way: one to a reader that has stopped may never end. */
  #giveUp: ((error: unknown) => void) | undefined;

  constructor(out: Writable) {
    this.#out = out;
    // And so that none is thrown where nobody is.
    out.on("error", this.#outFailed);
  }

  /** How many bytes have been handed over. */
  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  /** Aborted when all is lost, or the work is given up. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  throwIfFailed(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  /** Begins a member at once; it writes after `turn`, when those before it have ended. `holdsBytes` count until its own end. */
  inTurn(holdsBytes: number, work: (turn: Promise<void>) => Promise<void>): void {
    this.#members += 1;
    this.#heldBytes += holdsBytes;
    const before = this.#last;
    this.#last = Promise.all([work(before), before])
      .then(() => undefined)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#members -= 1;
        this.#heldBytes -= holdsBytes;
        this.#tellRoom();
      });
  }

  /** When there is enough under way, a promise that there is room for more. */
  room(): Promise<void> | undefined {
    this.throwIfFailed();
    if (this.#members < MAX_MEMBERS && this.#heldBytes < MAX_BYTES) return undefined;
    return this.#wait().then(() => this.room());
  }

  /** For the member whose turn it is. Resolves when the stream has taken it. */
  write(bytes: Uint8Array): Promise<void> {
    this.throwIfFailed();
    this.#offsetBytes += bytes.length;
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      this.#out.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** The same for a piece that is still being made: resolves when there is room for another. */
  async append(making: Promise<Uint8Array>, written: () => void = () => undefined): Promise<void> {
    this.#pieceCount += 1;
    this.#pieces = Promise.all([making, this.#pieces])
      .then(([bytes]) => this.write(bytes))
      .then(written)
      .finally(() => {
        this.#pieceCount -= 1;
        this.#tellRoom();
      });
    this.#pieces.catch((error: unknown) => this.#fail(error));
    while (this.#pieceCount >= MAX_PIECES) {
      this.throwIfFailed();
      await this.#wait();
    }
  }

  /** All pieces have been written. */
  appended(): Promise<void> {
    return this.#pieces;
  }

  /** Resolves when everything so far is written. */
  async drain(): Promise<void> {
    await this.#last;
    this.throwIfFailed();
  }

  /** Nothing more will come. */
  async finish(): Promise<void> {
    await this.drain();
    this.#out.off("error", this.#outFailed);
  }

  async abort(): Promise<void> {
    this.#fail(new NomountError("sink", "the archive was ended before it was complete"));
    await this.#last;
  }

  #fail(error: unknown): void {
    // A write that comes after the failure is told of another.
    const cause = this.#out.errored ?? error;
    this.#error ??= error instanceof NomountError ? error : new NomountError("sink", `zip: ${reason(cause)}`, { cause });
    this.#abort.abort(this.#error);
    this.#giveUp?.(this.#error);
    this.#tellRoom();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #tellRoom(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
