import { blob, struct } from "../../bytes/layout.ts";

/** Everything in a tar is in blocks of this size (POSIX.1-2017, pax, "ustar Interchange Format"). */
export const BLOCK_BYTES = 512;

/** An archive is padded to records of this size, as tars have been since tapes (pax, "-b"; GNU tar's blocking factor 20). */
export const RECORD_BYTES = 20 * BLOCK_BYTES;

/**
 * The header block of a member (POSIX.1-2017, pax, "ustar Interchange Format"). Numbers are octal digits in ASCII, ended by a
 * zero byte; the checksum is the sum of all bytes with its own field taken for spaces, and is ended by a zero byte and a space.
 */
export const ustarHeader = struct("ustar header", {
  name: blob(100),
  mode: blob(8),
  uid: blob(8),
  gid: blob(8),
  sizeBytes: blob(12),
  modified: blob(12),
  checksum: blob(8),
  typeFlag: blob(1),
  linkName: blob(100),
  magic: blob(6),
  version: blob(2),
  ownerName: blob(32),
  groupName: blob(32),
  deviceMajor: blob(8),
  deviceMinor: blob(8),
  /** In front of the name, with a "/" that stands in neither. */
  prefix: blob(155),
  padding: blob(12),
});

/** The type flags in use; "x" announces a member with a pax header of its own. */
export const TYPE_FLAGS = {
  file: "0",
  "hard link": "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
  "pax header": "x",
} as const;

export type MemberType = keyof typeof TYPE_FLAGS;
