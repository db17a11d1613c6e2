import { Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { Pace } from "./sink.ts";

/** What has been saved up while nothing was sent counts for so long. */
const BURST_SECONDS = 0.5;

/** At most so many bytes a second, whoever sends them: each takes its turn on one time line. */
export class SteadyPace implements Pace {
  readonly #bytesPerMs: number;
  /** When everything that was let go so far will have been paid for. */
  #paidMs = performance.now();

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  take(bytes: number): Promise<void> | undefined {
    const now = performance.now();
    const startMs = Math.max(this.#paidMs, now - BURST_SECONDS * 1000);
    this.#paidMs = startMs + bytes / this.#bytesPerMs;
    return startMs <= now ? undefined : wait(startMs - now);
  }
}

/** What is let go at once, so that a slow line flows evenly. */
const PACED_BYTES = 64 * 1024;

/** Leads to another stream at a pace, and ends it after itself. */
export class PacedStream extends Writable {
  readonly #out: Writable;
  readonly #pace: Pace;
  readonly #outFailed = (error: Error): void => void this.destroy(error);

  constructor(out: Writable, pace: Pace) {
    super();
    this.#out = out;
    this.#pace = pace;
    out.on("error", this.#outFailed);
  }

  override _write(bytes: Uint8Array, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(bytes).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#out.end(done);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.destroyed; at += PACED_BYTES) {
      const part = bytes.subarray(at, at + PACED_BYTES);
      await this.#pace.take(part.length);
      await new Promise<void>((resolve, reject) => {
        this.#out.write(part, (error) => (error ? reject(error) : resolve()));
      });
    }
  }
}
