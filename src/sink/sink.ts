import type { Fault } from "../error.ts";
import type { Node, NodeKind, Xattr } from "../filesystem/node.ts";
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
  /** `sha256`: of a file's content, in hex, where that was wished for. */
  done(entry: Entry, sha256?: string): void;
  /** The destination has nothing of that kind: a socket in a tar, a device where one must be root. */
  omitted(path: string, facet: Facet, why: string): void;
  failed(path: string, fault: Fault): void;
  /** The entry was written, but without this facet. */
  lost(path: string, facet: Facet, why: string): void;
}

/** Whether a facet survives as a rule: `true`, or why not, in words for people. */
export type Keeps = Readonly<Record<Facet, true | string>>;

/** What is asked of a destination, besides to keep what it can. */
export interface Wishes {
  /** To tell the SHA-256 of each content with `done`, made of the bytes as they pass. */
  readonly digests?: boolean | undefined;
  /** Waited for before bytes go out. */
  readonly pace?: Pace | undefined;
}

/** Holds back whoever would send more than so many bytes a second. */
export interface Pace {
  /** A promise that so many bytes may go, or undefined when they may at once. */
  take(bytes: number): Promise<void> | undefined;
}

/** Something that lies in a destination already. */
export interface Found {
  readonly kind: NodeKind;
  /** Of a file. */
  readonly sizeBytes: number;
  /** As exact as the destination keeps it; undefined where it keeps none. */
  readonly modifiedNs: bigint | undefined;
  /** Of a symlink, where it can be had. */
  readonly linkTarget: string | undefined;
  /** The same for two names of one file, where there is such a thing. */
  readonly fileId: string | undefined;
}

/** What a destination holds, for those who go on with it or check it. Paths are those of entries. */
export interface Stock {
  /** What has this very path, links not followed; undefined where there is nothing. Throws a `sink` error. */
  look(path: string): Promise<Found | undefined> | Found | undefined;
  /** The content of a file. Throws a `sink` error. */
  read(path: string): AsyncIterable<Uint8Array>;
}

/**
 * A destination. Its calls come in this order: `open`, `add` for each entry, then `finish` or `abort`. One that has failed
 * for good (disk full, connection lost) throws a `sink` error from any of them; a source that has died, a `source` error.
 */
export interface Sink {
  /** Prepares the destination. Resolves to what survives here, so that what will be lost can be said beforehand. */
  open(events: SinkEvents, wishes?: Wishes): Promise<Keeps>;
  /**
   * Takes an entry; a promise means: wait before the next (back-pressure). `content` is present for files without
   * `hardLinkTo`. Directories come before what they hold.
   */
  add(entry: Entry, content: BlockSource | undefined): Promise<void> | void;
  /** All entries are in: writes what had to wait (times of directories), and resolves when everything is in its place. */
  finish(): Promise<void>;
  /** Ends without completing: nothing partial is left under a final name. May be called after a failure, and twice. */
  abort(): Promise<void>;
  /** What is there already, from `open` to the end; absent where that cannot be had, as in a stream. */
  readonly stock?: Stock | undefined;
}
