import { pipeline } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import { readable } from "../../src/node/readable.ts";
import type { Extent } from "../../src/source/block-source.ts";
import { MappedSource } from "../../src/source/mapped.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { clip } from "../../src/source/resolve.ts";

const KIB = 1024;
const data = new Uint8Array(700 * KIB).map((_, i) => i % 251);
const disk = new MemorySource(data, "disk");

/** 300 KiB of data, a hole of 200 KiB, the rest of the data. */
const extents: readonly Extent[] = [
  { kind: "data", lengthBytes: 300 * KIB, source: disk, offsetBytes: 0 },
  { kind: "hole", lengthBytes: 200 * KIB },
  { kind: "data", lengthBytes: 400 * KIB, source: disk, offsetBytes: 300 * KIB },
];
const holed = new MappedSource("holed", 900 * KIB, (offset, length) => clip(extents, 0, offset, length));
const expected = Buffer.concat([data.subarray(0, 300 * KIB), Buffer.alloc(200 * KIB), data.subarray(300 * KIB)]);

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("content as a stream", () => {
  test.each([
    ["all of it", undefined, undefined],
    ["from a place on", 299 * KIB + 7, undefined],
    ["up to a place", undefined, 500 * KIB],
    ["one byte", 12_345, 12_345],
    ["inside a hole", 310 * KIB, 320 * KIB],
    ["nothing", 5, 4],
  ])("%s", async (_, start, end) => {
    const bytes = await collect(readable(holed, { start, end }));
    expect(bytes.equals(expected.subarray(start ?? 0, end === undefined ? undefined : end + 1))).toBe(true);
  });

  test("of nothing ends at once", async () => {
    expect(await collect(readable(new MemorySource(new Uint8Array())))).toHaveLength(0);
  });

  test.each([
    [-1, 5],
    [0, 900 * KIB],
    [7, 3],
    [0.5, 3],
  ])("a range outside of it, %d to %d, is refused", (start, end) => {
    expect(() => readable(holed, { start, end })).toThrow(RangeError);
  });

  test("ends with the error of a range that cannot be read, after what lies before it", async () => {
    const missing: readonly Extent[] = [
      { kind: "data", lengthBytes: 100, source: disk, offsetBytes: 0 },
      { kind: "missing", lengthBytes: 100, fault: { kind: "source", message: "beyond the end of the image" } },
    ];
    const source = new MappedSource("cut", 200, (offset, length) => clip(missing, 0, offset, length));
    const seen: Uint8Array[] = [];
    await expect(
      pipeline(readable(source), async (chunks: AsyncIterable<Uint8Array>) => {
        for await (const chunk of chunks) seen.push(chunk);
      }),
    ).rejects.toMatchObject({ kind: "source", message: "beyond the end of the image (cut, byte 0x64)" });
    expect(Buffer.concat(seen).equals(data.subarray(0, 100))).toBe(true);
  });

  test("stops when its signal says so", async () => {
    const controller = new AbortController();
    const stream = readable(holed, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(collect(stream)).rejects.toThrow("enough");
  });
});
