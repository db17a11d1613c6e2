import { nameFromBytes } from "../../bytes/names.ts";
import type { Xattr } from "../node.ts";
import { inodeExtraLayout, inodeLayout } from "./layout.ts";

/** `struct xattr_record` of wasm/glue/xattrs.c. */
const RECORD_BYTES = 8;
/** What the kernel lists; others, such as the key context of an encrypted file, it keeps to itself. */
const prefixes = [
  "user.",
  "trusted.",
  "security.",
  "system.posix_acl_access",
  "system.posix_acl_default",
  "system.richacl",
  "gnu.",
];

/** "ext4_xattr_ibody_header" (Documentation/filesystems/ext4/attributes.rst): behind the fields of a large inode. */
const XATTR_MAGIC = 0xea020000;
const BLOCK_LOW = inodeLayout.offsetOf("xattrBlockLow");
const BLOCK_HIGH = inodeLayout.offsetOf("xattrBlockHigh");
const EXTRA_BYTES = inodeLayout.sizeBytes + inodeExtraLayout.offsetOf("extraBytes");

/** Whether an inode has, or may have, extended attributes: most have none, and then nobody need be asked for them. */
export function mayHaveXattrs(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(BLOCK_LOW, true) !== 0 || view.getUint16(BLOCK_HIGH, true) !== 0) return true;
  if (bytes.length <= inodeLayout.sizeBytes) return false;
  const extraBytes = view.getUint16(EXTRA_BYTES, true);
  const start = inodeLayout.sizeBytes + extraBytes;
  // What is out of form, the library finds words for.
  return extraBytes % 4 !== 0 || start + 4 > bytes.length || view.getUint32(start, true) === XATTR_MAGIC;
}

/** The reply of `Ext2fs.xattrs`. */
export function decodeXattrs(bytes: Uint8Array): Xattr[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Xattr[] = [];
  for (let at = 0; at < bytes.length; ) {
    const nameBytes = view.getUint32(at, true);
    const valueBytes = view.getUint32(at + 4, true);
    at += RECORD_BYTES;
    const name = nameFromBytes(bytes.subarray(at, at + nameBytes));
    at += padded(nameBytes);
    if (prefixes.some((prefix) => name.startsWith(prefix))) found.push({ name, value: bytes.slice(at, at + valueBytes) });
    at += padded(valueBytes);
  }
  return found;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
