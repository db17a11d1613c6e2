import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SourceError } from "../../src/error.ts";
import { readExtentSync } from "../../src/source/mapped.ts";
import { resolve } from "../../src/source/resolve.ts";
import { countedBytes } from "../support/counted-bytes.ts";
import { sourceKinds } from "../support/every-source.ts";
import { scratchFolder } from "../support/fixture.ts";

const SIZE_BYTES = 20_011;
const bytes = countedBytes(SIZE_BYTES);
const folder = scratchFolder();

const range = fc
  .tuple(
    fc.integer({ min: 0, max: SIZE_BYTES }),
    fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: SIZE_BYTES })),
  )
  .map(([start, length]) => ({ start, length: Math.min(length, SIZE_BYTES - start) }));

describe.each(sourceKinds)("$name", ({ open }) => {
  test("gives the bytes at any place, synchronously and not", async () => {
    const source = open(bytes, folder.path);
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 12 }), async (ranges) => {
        for (const { start, length } of ranges) {
          const [now, later] = [new Uint8Array(length), new Uint8Array(length)];
          source.readSync(now, start);
          await source.read(later, start);
          const expected = bytes.subarray(start, start + length);
          if (Buffer.compare(now, expected) !== 0 || Buffer.compare(later, expected) !== 0) expect.fail(`${start} +${length}`);
        }
      }),
      { numRuns: 40 },
    );
    source.close();
  });

  test("never reads past its own end", async () => {
    const source = open(bytes, folder.path);
    expect(source.sizeBytes).toBe(SIZE_BYTES);
    for (const [start, length] of [
      [SIZE_BYTES, 1],
      [SIZE_BYTES - 1, 2],
      [0, SIZE_BYTES + 1],
      [-1, 1],
      [Number.NaN, 1],
    ] as const) {
      expect(() => source.readSync(new Uint8Array(length), start)).toThrow(SourceError);
      await expect(source.read(new Uint8Array(length), start)).rejects.toThrow(SourceError);
    }
    source.readSync(new Uint8Array(0), SIZE_BYTES);
    source.close();
  });

  test("its extents cover any range exactly, in order, and lead to the same bytes", () => {
    const source = open(bytes, folder.path);
    fc.assert(
      fc.property(range, ({ start, length }) => {
        const read = new Uint8Array(length);
        let at = 0;
        for (const extent of resolve(source, start, length)) {
          expect(extent.kind).toBe("data");
          expect(extent.lengthBytes).toBeGreaterThan(0);
          readExtentSync(extent, read.subarray(at, at + extent.lengthBytes));
          at += extent.lengthBytes;
        }
        expect(at).toBe(length);
        expect(Buffer.compare(read, bytes.subarray(start, start + length))).toBe(0);
      }),
      { numRuns: 40 },
    );
    source.close();
  });

  test("closing twice does nothing", () => {
    const source = open(bytes, folder.path);
    source.close();
    source.close();
  });
});
