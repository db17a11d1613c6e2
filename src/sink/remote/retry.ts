import { setTimeout as pause } from "node:timers/promises";
import { StoreError } from "./store-error.ts";

const DEFAULT_RETRIES = 5;
const DEFAULT_PAUSE_MS = 500;
const MAX_PAUSE_MS = 60_000;

export interface RetryOptions {
  readonly retries?: number | undefined;
  readonly pauseMs?: number | undefined;
}

/** Tries again what failed for a reason that may pass, after pauses that grow; the end of all comes at once. */
export class Retry {
  readonly #retries: number;
  readonly #pauseMs: number;
  readonly #signal: AbortSignal;
  #progress = 0;

  constructor({ retries = DEFAULT_RETRIES, pauseMs = DEFAULT_PAUSE_MS }: RetryOptions, signal: AbortSignal) {
    this.#retries = retries;
    this.#pauseMs = pauseMs;
    this.#signal = signal;
  }

  /** Something has arrived: the line cannot be that bad. */
  progressed(): void {
    this.#progress += 1;
  }

  /**
   * What `attempt` gives. It is called again after a transient failure, as often as the options say in a row. A line that breaks
   * again and again is taken as long as it brings something on, whichever file that is.
   */
  async run<T>(attempt: () => Promise<T>): Promise<T> {
    let failures = 0;
    let reached = this.#progress;
    for (;;) {
      try {
        this.#signal.throwIfAborted();
        const result = await attempt();
        this.progressed();
        return result;
      } catch (error) {
        if (!(error instanceof StoreError && error.transient)) throw error;
        if (error.concerns === "store" && this.#progress > reached) failures = 0;
        reached = this.#progress;
        failures += 1;
        if (failures > this.#retries) throw givenUp(error, failures);
        await this.#wait(failures);
      }
    }
  }

  /** Each pause is twice the one before, with some chance in it, so that many do not come back at the same moment. */
  async #wait(failures: number): Promise<void> {
    const pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2 ** (failures - 1));
    await pause(pauseMs * (0.75 + Math.random() / 4), undefined, { signal: this.#signal });
  }
}

function givenUp(error: StoreError, attempts: number): StoreError {
  const message = attempts === 1 ? error.message : `${error.message}, at each of ${attempts} attempts`;
  return new StoreError(message, { transient: false, concerns: error.concerns, cause: error.cause });
}
