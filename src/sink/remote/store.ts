import type { Node } from "../../filesystem/node.ts";
import type { Found, Keeps } from "../sink.ts";

/** What of a file, apart from its content, a server can be told. */
export type Attributes = Pick<Node, "mode" | "uid" | "gid" | "modifiedNs" | "accessedNs" | "createdNs">;

export interface UploadOptions {
  /** Undefined for a stream that ends when it ends. */
  readonly sizeBytes: number | undefined;
  readonly attributes: Attributes;
  /** What it is called while it is on its way: the same for the same content only. */
  readonly key: string;
  /**
   * What an earlier attempt under the same key has brought is continued: so many bytes, which are known to have arrived, or
   * as many as the server can be trusted to have. Undefined: it begins anew.
   */
  readonly resume: number | "as found" | undefined;
}

/**
 * A file on its way: it has its name only after `publish`. Everything that is asked of one is asked in turn, but `write`
 * may have as much under way as fills the line.
 */
export interface Upload {
  /**
   * So many bytes of the content have arrived, from its beginning on; those of an earlier attempt included, so that what is
   * written begins there.
   */
  readonly arrivedBytes: number;
  /**
   * Takes bytes at their place, ascending; what is left out is zeros. The bytes must not change any more. A promise means: wait
   * before the next (back-pressure).
   */
  write(bytes: Uint8Array, offsetBytes: number): Promise<void> | void;
  /** Resolves when the server has everything, `sizeBytes` in all, as it says itself. */
  finish(sizeBytes: number): Promise<void>;
  /** After `finish`: it gets its name, in the place of what had it. */
  publish(): Promise<void>;
  /** Takes it away; with `keep` leaves what can be continued by a later attempt. Throws nothing; may be called twice. */
  discard(how: "remove" | "keep"): Promise<void>;
}

/**
 * A place on a server for files under names. Paths are relative to it, joined by "/", in the form of `bytes/names.ts`, and
 * safe; "" is the place itself. Every call fails with a `StoreError`, and none waits for ever: a server that is silent for
 * too long is a broken line.
 */
export interface Store {
  /** How messages name it: "sftp://backup@host/vm01"; never with a password. */
  readonly label: string;
  /** What survives there, known after `open`. */
  readonly keeps: Keeps;
  /** How many files at once fill the line. */
  readonly parallel: number;
  /** Whether it has a time at all: that of a protocol may begin in 1970. */
  holdsTime(ns: bigint): boolean;
  /** Why a name cannot be had there; undefined where it can. */
  refuses(name: string): string | undefined;
  /** Connects, and makes the place where it is missing. Also after the line has broken: what was under way has failed then. */
  open(): Promise<void>;
  /** Undefined when nothing has the name. Links are not followed. */
  look(path: string): Promise<Found | undefined>;
  /** The content of a file. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** Makes a folder whose parent is there. What is there and no folder, a link to one included, is an `entry` error. */
  makeFolder(path: string): Promise<"new" | "was there">;
  upload(path: string, options: UploadOptions): Promise<Upload>;
  /** In the place of whatever has the name, but for a folder. Absent where there are no links. */
  symlink?(path: string, target: string, attributes: Attributes): Promise<void>;
  /** A further name of a file of this store. Absent where there are none. */
  hardLink?(path: string, existing: string): Promise<void>;
  /** Of a folder, when all that it holds is in it. Absent where folders have none. */
  setAttributes?(path: string, attributes: Attributes): Promise<void>;
  /** Ends the line at once; whatever is under way fails. Throws nothing. */
  close(): Promise<void>;
}
