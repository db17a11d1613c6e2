import { sha256 } from "./sha256.ts";

/** Longer names give their first bytes and a digest of the rest, so that what is shown stays within 255 bytes. */
const PLAIN_BYTES = 149;
const HASH_BYTES = 8;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * An encrypted name as the kernel shows it to who has no key (Linux, Documentation/filesystems/fscrypt.rst, "Without the
 * key", and the comment on `struct fscrypt_nokey_name` in fs/crypto/fname.c): both hashes of the directory's index, the
 * ciphertext, and of a long one a SHA-256 of what is cut off, in base64url without padding. The target of an encrypted
 * symlink takes the same form, with hashes of 0.
 */
export function noKeyName(ciphertext: Uint8Array, [hash, minorHash]: readonly [number, number]): string {
  const plain = ciphertext.subarray(0, PLAIN_BYTES);
  const digest = ciphertext.length > PLAIN_BYTES ? sha256(ciphertext.subarray(PLAIN_BYTES)) : new Uint8Array();
  const bytes = new Uint8Array(HASH_BYTES + plain.length + digest.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, hash, true);
  view.setUint32(4, minorHash, true);
  bytes.set(plain, HASH_BYTES);
  bytes.set(digest, HASH_BYTES + plain.length);
  return base64url(bytes);
}

/** RFC 4648, section 5, without padding. */
function base64url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const letters = Math.min(3, bytes.length - i) + 1;
    for (let letter = 0; letter < letters; letter++) text += ALPHABET[(group >>> (18 - 6 * letter)) & 63];
  }
  return text;
}
