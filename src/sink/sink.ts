import type { Fault } from "../error.ts";
import type { Node, Xattr } from "../filesystem/node.ts";
import type { BlockSource } from "../source/block-source.ts";

/** What of a file a destination can or cannot hold. */
export type Facet =
  | "content"
  | "name"
  | "mode"
  | "owner"
  | "modified"
  | "accessed"
  | "created"
  | "nanoseconds"
  | "symlink"
  | "hard link"
  | "fifo"
  | "socket"
  | "device"
  | "xattr"
  | "acl"
  | "holes";

/** One thing to write. Its kind, mode, owner and times are the node's. */
export interface Entry {
  /** Names joined by "/", relative to the destination, in the form of `bytes/names.ts`; "" is the destination itself. */
  readonly path: string;
  readonly node: Node;
  /** Of a symlink: verbatim, in the form of `bytes/names.ts`. */
  readonly linkTarget: string | undefined;
  /** The `path` of an entry added before that is the same file. */
  readonly hardLinkTo: string | undefined;
  readonly xattrs: readonly Xattr[];
}

/** What a sink tells while it works; every added entry ends in exactly one `done` or `failed`. */
export interface SinkEvents {
  /** Bytes of content dealt with, holes included: for progress. */
  progress(bytes: number): void;
  done(entry: Entry): void;
  failed(entry: Entry, fault: Fault): void;
  /** The entry was written, but without this facet. */
  lost(entry: Entry, facet: Facet, why: string): void;
}

/** A destination. One that has failed for good (disk full, connection lost) throws a `sink` error from `add` or `finish`. */
export interface Sink {
  /** What survives here as a rule; what is lost is said before the run starts. */
  readonly keeps: Readonly<Record<Facet, boolean>>;
  /**
   * Takes an entry; a promise means: wait before the next (back-pressure). `content` is present for files without
   * `hardLinkTo`. Directories come before what they hold.
   */
  add(entry: Entry, content: BlockSource | undefined): Promise<void> | void;
  /** All entries are in: writes what had to wait (times of directories), and resolves when everything is on its place. */
  finish(): Promise<void>;
  /** Ends without completing: nothing partial is left under a final name. */
  abort(): Promise<void>;
}
