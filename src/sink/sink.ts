import type { Fault } from "../error.ts";
import type { Node, Xattr } from "../filesystem/node.ts";
import type { BlockSource } from "../source/block-source.ts";

/** What of a file a destination can or cannot hold. */
export type Facet =
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
  | "stream"
  | "flags"
  | "holes";

/** One thing to write. Its kind, size, mode, owner and times are the node's. */
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

/**
 * What a sink tells while it works. Every added entry ends in exactly one `done`, `omitted` or `failed`, unless the run itself
 * ends first; `lost` may come before or after that.
 */
export interface SinkEvents {
  /** Bytes of content dealt with, holes included: for progress. */
  progress(bytes: number): void;
  done(entry: Entry): void;
  /** The destination has nothing of that kind: a socket in a tar, a device where one must be root. */
  omitted(path: string, facet: Facet, why: string): void;
  failed(path: string, fault: Fault): void;
  /** The entry was written, but without this facet. */
  lost(path: string, facet: Facet, why: string): void;
}

/** Whether a facet survives as a rule: `true`, or why not, in words for people. */
export type Keeps = Readonly<Record<Facet, true | string>>;

/**
 * A destination. Its calls come in this order: `open`, `add` for each entry, then `finish` or `abort`. One that has failed
 * for good (disk full, connection lost) throws a `sink` error from any of them; a source that has died, a `source` error.
 */
export interface Sink {
  /** Prepares the destination. Resolves to what survives here, so that what will be lost can be said beforehand. */
  open(events: SinkEvents): Promise<Keeps>;
  /**
   * Takes an entry; a promise means: wait before the next (back-pressure). `content` is present for files without
   * `hardLinkTo`. Directories come before what they hold.
   */
  add(entry: Entry, content: BlockSource | undefined): Promise<void> | void;
  /** All entries are in: writes what had to wait (times of directories), and resolves when everything is in its place. */
  finish(): Promise<void>;
  /** Ends without completing: nothing partial is left under a final name. May be called after a failure, and twice. */
  abort(): Promise<void>;
}
