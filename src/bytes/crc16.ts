const table = new Uint16Array(256);
for (let n = 0; n < 256; n++) {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xa001 ^ (c >>> 1) : c >>> 1;
  table[n] = c;
}

/** The reflected CRC-16 of polynomial 0x8005 (ANSI, IBM), continued from `seed`: ext4's group descriptors start it at 0xffff. */
export function crc16(bytes: Uint8Array, seed: number): number {
  let crc = seed & 0xffff;
  for (let i = 0; i < bytes.length; i++) crc = (table[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return crc;
}
