import { nameFromBytes } from "../../bytes/names.ts";
import type { Xattr } from "../node.ts";

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
