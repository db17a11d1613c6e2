import { forEachStretch } from "./xor.ts";

/**
 * The field of RAID 6 (H. P. Anvin, "The mathematics of RAID-6"): GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1, powers
 * of the generator 2 twice in a row, so that sums of two logarithms need no modulo.
 */
const power = new Uint8Array(510);
const logarithm = new Uint8Array(256);
for (let i = 0, value = 1; i < 255; i++) {
  power[i] = value;
  power[i + 255] = value;
  logarithm[value] = i;
  value = value & 0x80 ? ((value << 1) ^ 0x11d) & 0xff : value << 1;
}

/** 2 to the `exponent`, which is no less than 0. */
export function gfPower(exponent: number): number {
  return power[exponent % 255] ?? 0;
}

export function gfMultiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : (power[(logarithm[a] ?? 0) + (logarithm[b] ?? 0)] ?? 0);
}

/** `b` is not 0. */
export function gfDivide(a: number, b: number): number {
  return a === 0 ? 0 : (power[(logarithm[a] ?? 0) + 255 - (logarithm[b] ?? 0)] ?? 0);
}

const products = new Map<number, Uint8Array>();

/** The product of `factor` with every byte. */
function productsOf(factor: number): Uint8Array {
  let table = products.get(factor);
  if (table === undefined) {
    table = Uint8Array.from({ length: 256 }, (_, byte) => gfMultiply(factor, byte));
    products.set(factor, table);
  }
  return table;
}

/**
 * A weighted sum: the first part has one factor for each of the units that follow, in pieces as `xor` takes them. Every loss
 * that RAID 6 can bear is such a sum of what is left.
 */
export function raid6(parts: readonly Uint8Array[], into: Uint8Array): void {
  const [factors, ...data] = parts;
  into.fill(0);
  forEachStretch(data, into.length, (piece, at, unit) => {
    const table = productsOf(factors?.[unit] ?? 0);
    for (let i = 0; i < piece.length; i++) into[at + i] = (into[at + i] ?? 0) ^ (table[piece[i] ?? 0] ?? 0);
  });
}
