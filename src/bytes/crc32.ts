const table = new Uint32Array(256);
for (let n = 0; n < 256; n++) {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  table[n] = c;
}

/**
 * The reflected CRC-32 of polynomial 0x04c11db7, without the customary inversions: GPT starts at 0xffffffff and inverts the
 * result (UEFI 2.10, 5.3.2); LVM2 starts at 0xf597a6cf and does not.
 */
export function crc32Raw(bytes: Uint8Array, initial: number): number {
  let crc = initial >>> 0;
  for (let i = 0; i < bytes.length; i++) crc = (table[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return crc >>> 0;
}

/** CRC-32 as zip, gzip and GPT use it. */
export function crc32(bytes: Uint8Array): number {
  return (crc32Raw(bytes, 0xffffffff) ^ 0xffffffff) >>> 0;
}
