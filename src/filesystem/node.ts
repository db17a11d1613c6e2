/** The seven kinds of POSIX, and `other`: what the format allows and no kind describes (an unknown reparse point). */
export type NodeKind = "file" | "directory" | "symlink" | "fifo" | "socket" | "char" | "block" | "other";

/** An inode number on ext, a record number on NTFS. Meaningful within one filesystem only. */
export type NodeId = number;

/** Nanoseconds since 1970-01-01 UTC; undefined where the format has no such time. */
export interface Times {
  readonly modifiedNs: bigint | undefined;
  /** The whole second of `modifiedNs`, rounded down, where it is cheaper to have: listings need no more. */
  readonly modifiedSeconds?: number | undefined;
  /** Of the inode or record itself. */
  readonly changedNs: bigint | undefined;
  readonly accessedNs: bigint | undefined;
  readonly createdNs: bigint | undefined;
}

/** A file, directory or link, apart from its names and its content. */
export interface Node extends Times {
  readonly id: NodeId;
  readonly kind: NodeKind;
  /** Of the main content; of a symlink the length of its target; 0 where there is none. */
  readonly sizeBytes: number;
  /** Permission bits with setuid, setgid and sticky (0o7777); undefined where the format keeps none. */
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** How many names it has, as the format counts them. */
  readonly linkCount: number;
  /** Of `char` and `block`. */
  readonly device: { readonly major: number; readonly minor: number } | undefined;
  /** The format's own flags by their names: "immutable", "append", "encrypted", "hidden", "system", "readonly" ... */
  readonly flags: readonly string[];
}

/** `name` with its prefix ("user.", "security.", "system.posix_acl_access"); ACLs in the kernel's xattr format. */
export interface Xattr {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface DirectoryEntry {
  /** In the form of `bytes/names.ts`. Never ".", ".." or "". */
  readonly name: string;
  readonly id: NodeId;
  /** As far as the directory itself tells; the node decides. */
  readonly kind: NodeKind | undefined;
}

/** Content beside the main one: an NTFS alternate data stream. */
export interface StreamInfo {
  readonly name: string;
  readonly sizeBytes: number;
}
