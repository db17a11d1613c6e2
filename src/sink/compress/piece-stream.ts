import { Writable } from "node:stream";

/** A compressed format whose stream can be made of pieces that are compressed at the same time. */
export interface PieceFormat {
  readonly pieceBytes: number;
  /** How many pieces are compressed at once. */
  readonly atOnce: number;
  readonly head: Uint8Array;
  /** `before`: the piece ahead of it. The bytes of both stay as they are until this settles, and may be transferred then. */
  compress(piece: Uint8Array, before: Uint8Array | undefined): Promise<Uint8Array>;
  /** What follows the last piece. */
  tail(): Uint8Array;
  /** After the tail, or when the work is given up. */
  close(): Promise<void>;
}

/**
 * Compresses what is written to it into another stream, which it ends after itself. Pieces are compressed by other threads,
 * several at once, and go out in their order; who writes waits while there are enough of them.
 */
export class PieceStream extends Writable {
  readonly #out: Writable;
  readonly #format: PieceFormat;
  #piece: Uint8Array;
  #used = 0;
  #before: Uint8Array | undefined;
  #inFlight = 0;
  #tail: Promise<void>;
  #waiting: (() => void) | undefined;
  readonly #outFailed = (error: Error): void => void this.destroy(error);

  constructor(out: Writable, format: PieceFormat) {
    super({ highWaterMark: format.pieceBytes });
    this.#out = out;
    this.#format = format;
    this.#piece = new Uint8Array(format.pieceBytes);
    out.on("error", this.#outFailed);
    this.#tail = this.#send(format.head);
    this.#tail.catch(this.#outFailed);
  }

  override _write(bytes: Uint8Array, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#take(bytes).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#end().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#waiting?.();
    this.#format.close().then(() => done(error), done);
  }

  async #take(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.#piece.length - this.#used);
      this.#piece.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used === this.#piece.length) await this.#compress();
    }
  }

  /** Has the piece compressed; resolves when there is room for another. */
  async #compress(): Promise<void> {
    const piece = this.#piece.subarray(0, this.#used);
    const compressed = this.#format.compress(piece, this.#before);
    this.#before = piece;
    this.#piece = new Uint8Array(this.#format.pieceBytes);
    this.#used = 0;
    this.#inFlight += 1;
    this.#tail = Promise.all([compressed, this.#tail])
      .then(([bytes]) => this.#send(bytes))
      .finally(() => {
        this.#inFlight -= 1;
        this.#waiting?.();
      });
    this.#tail.catch(this.#outFailed);
    // One more than are compressed, so that no thread waits for the one that is written.
    while (this.#inFlight > this.#format.atOnce && !this.destroyed)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
  }

  async #end(): Promise<void> {
    // Of nothing too there is one piece: a file without any is no file of its format.
    if (this.#used > 0 || this.#before === undefined) await this.#compress();
    await this.#tail;
    await this.#send(this.#format.tail());
    this.#out.off("error", this.#outFailed);
    await new Promise<void>((resolve, reject) => {
      this.#out.once("error", reject);
      this.#out.end(() => resolve());
    });
  }

  #send(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#out.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }
}
