/** Hash and minor hash of a name, unsigned 32-bit each. */
export type DirectoryHash = (name: Uint8Array) => readonly [hash: number, minorHash: number];

/**
 * The hashes of indexed directories (Linux, Documentation/filesystems/ext4/directory.rst, "Hash Tree Directories": the values
 * of `dx_root.info.hash_version`), or undefined for one that is not computed from the name alone (siphash).
 *
 * `seed` is the superblock's, 16 bytes. `unsigned`: whether bytes above 0x7f count as positive, which depends on the machine
 * that made the filesystem.
 */
export function directoryHash(version: number, seed: Uint8Array, unsigned: boolean): DirectoryHash | undefined {
  const asUnsigned = unsigned || version >= 3;
  const start = startOf(seed);
  switch (version) {
    case 0:
    case 3:
      return (name) => [finish(legacy(name, asUnsigned)), 0];
    case 1:
    case 4:
      return (name) => chained(name, start, asUnsigned, 8, halfMd4, [1, 2]);
    case 2:
    case 5:
      return (name) => chained(name, start, asUnsigned, 4, tea, [0, 1]);
    default:
      return undefined;
  }
}

type State = [number, number, number, number];

/** MD4's (RFC 1320, section 3.3), unless the filesystem has a seed of its own. */
const MD4_START: State = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
/** The largest hash stands for the end of a directory, so no name may have it. */
const END_OF_DIRECTORY = 0xffff_fffe;

function startOf(seed: Uint8Array): State {
  if (seed.every((byte) => byte === 0)) return MD4_START;
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  return [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)];
}

function finish(hash: number): number {
  const even = (hash & ~1) >>> 0;
  return even === END_OF_DIRECTORY ? END_OF_DIRECTORY - 2 : even;
}

function byteAt(name: Uint8Array, index: number, unsigned: boolean): number {
  const byte = name[index] ?? 0;
  return unsigned || byte < 0x80 ? byte : byte - 0x100;
}

function legacy(name: Uint8Array, unsigned: boolean): number {
  let previous = 0x37abe8f9;
  let current = 0x12a3fe2d;
  for (let i = 0; i < name.length; i++) {
    let next = (previous + (current ^ Math.imul(byteAt(name, i, unsigned), 7152373))) >>> 0;
    if (next >= 0x8000_0000) next = (next - 0x7fff_ffff) >>> 0;
    previous = current;
    current = next;
  }
  return (current << 1) >>> 0;
}

/** Takes the name by pieces of some words into the state; two words of that are the hashes. */
function chained(
  name: Uint8Array,
  start: State,
  unsigned: boolean,
  words: number,
  transform: (state: State, input: Int32Array) => void,
  [hash, minor]: readonly [0 | 1, 1 | 2],
): readonly [number, number] {
  const state: State = [...start];
  for (let at = 0; at < name.length; at += words * 4) transform(state, wordsOf(name.subarray(at), words, unsigned));
  return [finish(state[hash]), state[minor] >>> 0];
}

/** Bytes from the highest of each word down; what is left over is filled with the length of what was left of the name. */
function wordsOf(piece: Uint8Array, count: number, unsigned: boolean): Int32Array {
  const half = piece.length | (piece.length << 8);
  const padding = half | (half << 16);
  const words = new Int32Array(count).fill(padding);
  const length = Math.min(piece.length, count * 4);
  let value = padding;
  for (let i = 0; i < length; i++) {
    value = (byteAt(piece, i, unsigned) + (value << 8)) | 0;
    words[i >> 2] = value;
    if (i % 4 === 3) value = padding;
  }
  return words;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

const choose = (x: number, y: number, z: number) => z ^ (x & (y ^ z));
const majority = (x: number, y: number, z: number) => ((x & y) + ((x ^ y) & z)) | 0;
const parity = (x: number, y: number, z: number) => x ^ y ^ z;

/** MD4's three rounds (RFC 1320, section 3.4), each cut down to eight steps: order of the input words, and shifts. */
const halfMd4Rounds = [
  { mix: choose, constant: 0, order: [0, 1, 2, 3, 4, 5, 6, 7], shifts: [3, 7, 11, 19] },
  { mix: majority, constant: 0x5a827999, order: [1, 3, 5, 7, 0, 2, 4, 6], shifts: [3, 5, 9, 13] },
  { mix: parity, constant: 0x6ed9eba1, order: [3, 7, 2, 6, 1, 5, 0, 4], shifts: [3, 9, 11, 15] },
] as const;

function halfMd4(state: State, input: Int32Array): void {
  let [a, b, c, d] = state;
  for (const { mix, constant, order, shifts } of halfMd4Rounds) {
    for (const [step, word] of order.entries()) {
      const sum = (a + mix(b, c, d) + (input[word] ?? 0) + constant) | 0;
      [a, b, c, d] = [d, rotate(sum, shifts[step % 4] ?? 0), b, c];
    }
  }
  state[0] = (state[0] + a) | 0;
  state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0;
  state[3] = (state[3] + d) | 0;
}

/** Wheeler and Needham, "TEA, a Tiny Encryption Algorithm" (1994), with half of its rounds; the name is the key. */
function tea(state: State, key: Int32Array): void {
  const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = key;
  let [y, z] = state;
  let sum = 0;
  for (let round = 0; round < 16; round++) {
    sum = (sum + 0x9e3779b9) | 0;
    y = (y + (((z << 4) + k0) ^ (z + sum) ^ ((z >>> 5) + k1))) | 0;
    z = (z + (((y << 4) + k2) ^ (y + sum) ^ ((y >>> 5) + k3))) | 0;
  }
  state[0] = (state[0] + y) | 0;
  state[1] = (state[1] + z) | 0;
}
