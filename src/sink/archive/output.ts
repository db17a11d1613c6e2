import type { Writable } from "node:stream";

/** Where the bytes of an archive go. It appears under its name when it is whole, or not at all. */
export interface ArchiveOutput {
  /** Called once. Throws a `sink` error. */
  open(): Promise<Writable>;
  /** The stream has been ended, and all of it taken: gives it its name. Throws a `sink` error. */
  commit(): Promise<void>;
  /** Takes away what there is of it. May be called before `open`, and twice. */
  discard(): Promise<void>;
}
