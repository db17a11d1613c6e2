import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SourceError } from "../../src/error.ts";
import type { BlockSource, Extent } from "../../src/source/block-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { type PumpOptions, pump } from "../../src/source/pump.ts";
import { contentOf } from "../support/content-of-extents.ts";
import { countedBytes } from "../support/counted-bytes.ts";
import { FailingSource } from "../support/failing-source.ts";

const MIB = 1024 * 1024;

interface Collected {
  readonly bytes: Uint8Array;
  /** One to each byte: 0 hole, 1 data, 2 bad. */
  readonly marks: Uint8Array;
  readonly faults: readonly string[];
  readonly chunks: number;
}

async function collect(source: BlockSource, options: PumpOptions = {}): Promise<Collected> {
  const { offsetBytes: start = 0, lengthBytes = source.sizeBytes - start } = options;
  const bytes = new Uint8Array(lengthBytes);
  const marks = new Uint8Array(lengthBytes);
  const faults: string[] = [];
  let last = start;
  let chunks = 0;
  for await (const chunk of pump(source, options)) {
    chunks += 1;
    expect(chunk.offsetBytes).toBeGreaterThanOrEqual(last);
    const at = chunk.offsetBytes - start;
    if ("fault" in chunk) {
      marks.fill(2, at, at + chunk.lengthBytes);
      faults.push(chunk.fault.message);
      last = chunk.offsetBytes + chunk.lengthBytes;
    } else {
      bytes.set(chunk.bytes, at);
      marks.fill(1, at, at + chunk.bytes.length);
      last = chunk.offsetBytes + chunk.bytes.length;
    }
  }
  return { bytes, marks, faults, chunks };
}

describe("pump", () => {
  test("gives a whole content in large chunks, and a range of it", async () => {
    const bytes = countedBytes(3 * MIB + 13);
    const all = await collect(new MemorySource(bytes));
    expect(Buffer.from(all.bytes).equals(bytes)).toBe(true);
    expect(all.chunks).toBe(7);
    const part = await collect(new MemorySource(bytes), { offsetBytes: 1000, lengthBytes: 2 * MIB });
    expect(Buffer.from(part.bytes).equals(bytes.subarray(1000, 1000 + 2 * MIB))).toBe(true);
  });

  test("leaves holes out, however large", async () => {
    const source = new MemorySource(countedBytes(8192));
    const content = contentOf([
      { kind: "data", lengthBytes: 4096, source, offsetBytes: 4096 },
      { kind: "hole", lengthBytes: 2 ** 50 },
      { kind: "data", lengthBytes: 4096, source, offsetBytes: 0 },
    ]);
    const seen: number[] = [];
    for await (const chunk of pump(content)) seen.push(chunk.offsetBytes);
    expect(seen).toEqual([0, 4096 + 2 ** 50]);
  });

  test("does not let one chunk's buffer be another's while both are in use, when asked to keep them", async () => {
    const bytes = countedBytes(4 * MIB);
    const kept: Uint8Array[] = [];
    for await (const chunk of pump(new MemorySource(bytes), { keepBytes: true })) if ("bytes" in chunk) kept.push(chunk.bytes);
    expect(Buffer.concat(kept).equals(bytes)).toBe(true);
  });

  test("reads neighbours in one read, in physical order, and several at a time", async () => {
    const disk = new FailingSource(countedBytes(8 * MIB));
    const blocks = Array.from({ length: 1024 }, (_, i) => 1023 - i);
    const content = contentOf(
      blocks.map((block): Extent => ({ kind: "data", lengthBytes: 4096, source: disk, offsetBytes: block * 8192 })),
    );
    const { bytes } = await collect(content);
    for (const [i, block] of blocks.entries())
      expect(Buffer.from(bytes.subarray(i * 4096, i * 4096 + 8)).readDoubleLE()).toBe(block * 8192);
    expect(disk.reads).toBeLessThan(40);
    const large = new FailingSource(countedBytes(8 * MIB));
    await collect(large);
    expect(large.mostInFlight).toBeGreaterThan(1);
    expect(large.reads).toBe(16);
  });

  test("an empty content is no chunk", async () => {
    expect((await collect(new MemorySource(new Uint8Array()))).chunks).toBe(0);
  });

  test.each([true, false])("loses only the bad sectors (named by the error: %s)", async (namesBadSectors) => {
    const bytes = countedBytes(2 * MIB);
    const badSectors = [
      [3, 4],
      [1030, 1034],
      [4095, 4096],
    ] as const;
    const { bytes: read, marks } = await collect(new FailingSource(bytes, { badSectors, namesBadSectors }));
    const expectedMarks = new Uint8Array(bytes.length).fill(1);
    const expected = bytes.slice();
    for (const [start, end] of badSectors) {
      expectedMarks.fill(2, start * 512, end * 512);
      expected.fill(0, start * 512, end * 512);
    }
    expect(Buffer.from(marks).equals(expectedMarks)).toBe(true);
    expect(Buffer.from(read).equals(expected)).toBe(true);
  });

  test("says what is missing with its own fault", async () => {
    const source = new MemorySource(countedBytes(4096));
    const content = contentOf([
      { kind: "missing", lengthBytes: 5000, fault: { kind: "source", message: "the image ends before it" } },
      { kind: "data", lengthBytes: 4096, source, offsetBytes: 0 },
    ]);
    const { marks, faults } = await collect(content);
    expect(faults).toEqual(["the image ends before it"]);
    expect([marks[4999], marks[5000]]).toEqual([2, 1]);
  });

  test("a failure that passes is no fault", async () => {
    const { faults } = await collect(new FailingSource(countedBytes(MIB), { failsAtRead: 1 }));
    expect(faults).toEqual([]);
  });

  test("whichever read finds the source dead, that comes out, and nothing is left in flight", async () => {
    for (let diesAtRead = 1; diesAtRead <= 16; diesAtRead++) {
      const source = new FailingSource(countedBytes(8 * MIB), { diesAtRead });
      await expect(collect(source)).rejects.toThrow(SourceError);
      expect(source.inFlight).toBe(0);
    }
  });

  test("is ended by its signal, and by a consumer that has enough", async () => {
    const source = new FailingSource(countedBytes(8 * MIB));
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of pump(source, { signal: controller.signal })) controller.abort(new Error("enough"));
    })();
    await expect(reading).rejects.toThrow("enough");
    expect(source.inFlight).toBe(0);
    for await (const _ of pump(source)) break;
    expect(source.inFlight).toBe(0);
  });

  test("equals a plain read, whatever the extents, the range and the window", async () => {
    const disk = new MemorySource(countedBytes(64 * 1024));
    const anExtent = fc.oneof(
      fc.record({
        kind: fc.constant("data" as const),
        lengthBytes: fc.integer({ min: 1, max: 5000 }),
        offsetBytes: fc.nat(60_000),
      }),
      fc.record({ kind: fc.constant("hole" as const), lengthBytes: fc.integer({ min: 1, max: 5000 }) }),
      fc
        .uint8Array({ minLength: 1, maxLength: 600 })
        .map((bytes) => ({ kind: "inline" as const, lengthBytes: bytes.length, bytes })),
    );
    const property = fc.asyncProperty(
      fc.array(anExtent, { maxLength: 30 }),
      fc.integer({ min: 1, max: 9000 }),
      fc.nat(),
      fc.nat(),
      async (shapes, windowBytes, a, b) => {
        const content = contentOf(shapes.map((shape) => (shape.kind === "data" ? { ...shape, source: disk } : shape)));
        const offsetBytes = a % (content.sizeBytes + 1);
        const lengthBytes = b % (content.sizeBytes - offsetBytes + 1);
        const expected = new Uint8Array(lengthBytes);
        content.readSync(expected, offsetBytes);
        const { bytes } = await collect(content, { offsetBytes, lengthBytes, windowBytes });
        expect(Buffer.from(bytes).equals(expected)).toBe(true);
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });
});
