import { NomountError } from "../../error.ts";

export interface StoreErrorTraits {
  /** It may pass by itself: a broken line, a server that is busy. Worth another attempt. */
  readonly transient: boolean;
  /** What it concerns: this entry alone, or the whole store, so that no other entry would fare better. */
  readonly concerns: "entry" | "store";
  readonly cause?: unknown;
}

/** What a server, or the line to it, answered instead of doing what it was asked. */
export class StoreError extends NomountError {
  readonly transient: boolean;
  readonly concerns: "entry" | "store";

  constructor(message: string, { transient, concerns, cause }: StoreErrorTraits) {
    super("sink", message, cause === undefined ? {} : { cause });
    this.transient = transient;
    this.concerns = concerns;
  }
}

/** The line to the server is gone, or was never there. */
export function lineError(message: string, cause?: unknown): StoreError {
  return new StoreError(message, { transient: true, concerns: "store", cause });
}

/** The server will not have this run at all, now or later: who asks, full disk, wrong key. */
export function refusedError(message: string, cause?: unknown): StoreError {
  return new StoreError(message, { transient: false, concerns: "store", cause });
}

/** The server will not have this one entry. */
export function entryError(message: string, cause?: unknown): StoreError {
  return new StoreError(message, { transient: false, concerns: "entry", cause });
}
