/** Slicing by 16 (M. Kounavis, F. Berry 2005): part n holds the remainders of a byte that is followed by n zero bytes. */
const table = new Int32Array(16 * 256);
for (let n = 0; n < 256; n++) {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0x82f63b78 ^ (c >>> 1) : c >>> 1;
  table[n] = c;
}
for (let n = 256; n < table.length; n++) {
  const c = table[n - 256] ?? 0;
  table[n] = at(c & 0xff) ^ (c >>> 8);
}

/**
 * CRC-32C (Castagnoli, reflected) continued from `seed`, without inversions: ext4 and jbd2 start it at 0xffffffff or at a
 * seed of their own and store it as it is (kernel Documentation/filesystems/ext4/checksums.rst). 16 bytes a step, since a
 * journal of a gigabyte is checked whole.
 */
export function crc32c(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  let crc = seed | 0;
  let i = 0;
  for (; i + 16 <= length; i += 16) {
    const a = crc ^ view.getInt32(i, true);
    const b = view.getInt32(i + 4, true);
    const c = view.getInt32(i + 8, true);
    const d = view.getInt32(i + 12, true);
    crc =
      at(0xf00 | (a & 0xff)) ^
      at(0xe00 | ((a >>> 8) & 0xff)) ^
      at(0xd00 | ((a >>> 16) & 0xff)) ^
      at(0xc00 | (a >>> 24)) ^
      at(0xb00 | (b & 0xff)) ^
      at(0xa00 | ((b >>> 8) & 0xff)) ^
      at(0x900 | ((b >>> 16) & 0xff)) ^
      at(0x800 | (b >>> 24)) ^
      at(0x700 | (c & 0xff)) ^
      at(0x600 | ((c >>> 8) & 0xff)) ^
      at(0x500 | ((c >>> 16) & 0xff)) ^
      at(0x400 | (c >>> 24)) ^
      at(0x300 | (d & 0xff)) ^
      at(0x200 | ((d >>> 8) & 0xff)) ^
      at(0x100 | ((d >>> 16) & 0xff)) ^
      at(d >>> 24);
  }
  for (; i < length; i++) crc = at((crc ^ (bytes[i] ?? 0)) & 0xff) ^ (crc >>> 8);
  return crc >>> 0;
}

function at(index: number): number {
  return table[index] ?? 0;
}
