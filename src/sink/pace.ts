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
