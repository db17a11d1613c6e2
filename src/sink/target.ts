import type { Writable } from "node:stream";

/**
 * Where one stream of bytes goes that is whole or not there: a local file, standard output, an object on a server. Calls come
 * in this order: `open`, then `commit` after all is written, or `discard`.
 */
export interface Target {
  /** How messages name it; never with a password. */
  readonly label: string;
  /** The stream to write to; `commit` ends it where that was not done. */
  open(): Promise<Writable>;
  /** Resolves when all of it is there under its name. Throws a `sink` error. */
  commit(): Promise<void>;
  /** Nothing is left under the name that was not there before. May be called before `open`, after a failure, and twice. */
  discard(): Promise<void>;
}
