const table = new Int32Array(256);
for (let n = 0; n < 256; n++) {
  let c = n << 24;
  for (let k = 0; k < 8; k++) c = c < 0 ? 0x04c11db7 ^ (c << 1) : c << 1;
  table[n] = c;
}

/**
 * CRC-32 of polynomial 0x04c11db7 with the most significant bit first, continued from `seed`, without inversions: what the
 * kernel calls crc32_be. jbd2's first journal checksum is this, from 0xffffffff on.
 */
export function crc32Msb(bytes: Uint8Array, seed: number): number {
  let crc = seed | 0;
  for (let i = 0; i < bytes.length; i++) crc = (table[((crc >>> 24) ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc << 8);
  return crc >>> 0;
}
