import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BAD_LCN, decodeRunList, runAt, SPARSE_LCN } from "../../../src/filesystem/ntfs/run-list.ts";

const CLUSTERS = 2 ** 40;

interface Piece {
  readonly length: number;
  /** Undefined: sparse. */
  readonly lcn: number | undefined;
}

const piece: fc.Arbitrary<Piece> = fc.record({
  length: fc.integer({ min: 1, max: 2 ** 30 }),
  lcn: fc.option(fc.integer({ min: 0, max: 2 ** 39 }), { nil: undefined }),
});

/** The fewest bytes that hold a number with its sign. */
function signed(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(Number(rest & 0xffn));
    rest >>= 8n;
  } while (!(rest === 0n && (bytes.at(-1) ?? 0) < 0x80) && !(rest === -1n && (bytes.at(-1) ?? 0) >= 0x80));
  return bytes;
}

function encode(pieces: readonly Piece[]): Uint8Array {
  const bytes: number[] = [];
  let last = 0;
  for (const { length, lcn } of pieces) {
    const lengths = signed(BigInt(length));
    const places = lcn === undefined ? [] : signed(BigInt(lcn - last));
    bytes.push((places.length << 4) | lengths.length, ...lengths, ...places);
    last = lcn ?? last;
  }
  return Uint8Array.from([...bytes, 0]);
}

describe("run list", () => {
  test("what was encoded is decoded, every cluster in its place", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 50 }), fc.integer({ min: 0, max: 2 ** 40 }), (pieces, startVcn) => {
        const runs = decodeRunList(encode(pieces), startVcn, CLUSTERS);
        expect(runs.problem).toBeUndefined();
        let vcn = startVcn;
        for (const { length, lcn } of pieces) {
          for (const at of [vcn, vcn + length - 1]) {
            const run = runAt(runs, at);
            const found = runs.lcns[run] ?? BAD_LCN;
            expect(found === SPARSE_LCN ? undefined : found + at - (runs.vcns[run] ?? 0)).toBe(
              lcn === undefined ? undefined : lcn + at - vcn,
            );
          }
          vcn += length;
        }
        expect(runs.vcns[runs.count]).toBe(vcn);
      }),
    );
  });

  test("neighbours are one run", () => {
    const pieces = Array.from({ length: 1000 }, (_, i) => ({ length: 16, lcn: 5000 + 16 * i }));
    expect(decodeRunList(encode(pieces), 0, CLUSTERS).count).toBe(1);
  });

  test("any bytes end in runs that follow each other and lie on the volume", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { count, vcns, lcns } = decodeRunList(bytes, 0, 1000);
        for (let i = 0; i < count; i++) {
          const [start = 0, end = 0, lcn = 0] = [vcns[i], vcns[i + 1], lcns[i]];
          expect(end).toBeGreaterThan(start);
          if (lcn >= 0) expect(lcn + end - start).toBeLessThanOrEqual(1000);
        }
      }),
    );
  });
});
