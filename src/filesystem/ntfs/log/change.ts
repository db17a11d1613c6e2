import type { Action, LogRecord } from "./record.ts";

/** One action of a record upon bytes that were read for it, whose update sequence is undone. */
export interface Change {
  readonly record: LogRecord;
  readonly action: Action;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Makes room for `added` bytes at `at` (or takes away as many, where negative) ahead of `end`. */
export function shift(bytes: Uint8Array, at: number, added: number, end: number): void {
  if (added >= 0) bytes.copyWithin(at + added, at, end);
  else bytes.copyWithin(at, at - added, end);
}

/** The next multiple of 8, to which everything in records and indexes is aligned. */
export function align(length: number): number {
  return Math.ceil(length / 8) * 8;
}
