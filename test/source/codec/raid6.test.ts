import { describe, expect, test } from "vitest";
import { gfDivide, gfMultiply, gfPower, raid6 } from "../../../src/source/codec/raid6.ts";
import { xor } from "../../../src/source/codec/xor.ts";

/** Multiplication as H. P. Anvin's paper defines it, bit by bit: shift and reduce by 0x11d. */
function product(a: number, b: number): number {
  let result = 0;
  for (let bit = 0; bit < 8; bit++) {
    if (b & (1 << bit)) {
      let term = a;
      for (let i = 0; i < bit; i++) term = term & 0x80 ? ((term << 1) ^ 0x11d) & 0xff : term << 1;
      result ^= term;
    }
  }
  return result;
}

describe("the field of RAID 6", () => {
  test("multiplies and divides as it is defined", () => {
    for (let a = 0; a < 256; a++) {
      for (let b = 0; b < 256; b++) {
        expect(gfMultiply(a, b)).toBe(product(a, b));
        if (b !== 0) expect(gfMultiply(gfDivide(a, b), b)).toBe(a);
      }
    }
  });

  test("2 is a generator: its powers come round after 255, and no sooner", () => {
    expect(new Set(Array.from({ length: 255 }, (_, i) => gfPower(i))).size).toBe(255);
    expect([gfPower(0), gfPower(255), gfPower(8)]).toEqual([1, 1, 0x1d]);
  });
});

describe("parts in pieces", () => {
  const unit = 1000;
  const units = [3, 5, 7].map((seed) => Uint8Array.from({ length: unit }, (_, i) => (i * seed) & 0xff));
  const whole = Uint8Array.from(units.flatMap((bytes) => [...bytes]));
  const pieces = [0, 1, 999, 1000, 1500, 2999].map((start, i, starts) => whole.subarray(start, starts[i + 1]));

  test("give the same as whole ones", () => {
    const factors = Uint8Array.of(1, 29, 200);
    const expected = Uint8Array.from({ length: unit }, (_, i) => {
      return units.reduce((sum, bytes, n) => sum ^ product(factors[n] ?? 0, bytes[i] ?? 0), 0);
    });
    for (const parts of [units, pieces]) {
      const into = new Uint8Array(unit).fill(9);
      raid6([factors, ...parts], into);
      expect(into).toEqual(expected);
    }
    const sums = [units, pieces].map((parts) => {
      const into = new Uint8Array(unit).fill(9);
      xor(parts, into);
      return into;
    });
    expect(sums[1]).toEqual(sums[0]);
    expect(sums[0]).toEqual(Uint8Array.from({ length: unit }, (_, i) => ((i * 3) ^ (i * 5) ^ (i * 7)) & 0xff));
  });
});
