import { describe, expect, test } from "vitest";
import type { BlockSource } from "../../../src/source/block-source.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { pump } from "../../../src/source/pump.ts";
import { resolve } from "../../../src/source/resolve.ts";
import { SliceSource } from "../../../src/source/slice.ts";
import type { Leg } from "../../../src/volume/raid/leg.ts";
import { mirroredSource } from "../../../src/volume/raid/mirrored.ts";
import { paritySource } from "../../../src/volume/raid/parity.ts";
import { parityLayout } from "../../../src/volume/raid/parity-layout.ts";
import { FailingSource } from "../../support/failing-source.ts";

const SIZE = 64 * 1024;
const CHUNK = 4096;
const content = Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >>> 9)) & 0xff);

const leg = (name: string, source: BlockSource, goodBytes = Number.POSITIVE_INFINITY): Leg => {
  return { name, source, goodBytes, reason: undefined };
};

const upTo = (bytes: number) => (offsetBytes: number, lengthBytes: number) => offsetBytes + lengthBytes <= bytes;

function read(source: BlockSource): Uint8Array {
  const into = new Uint8Array(source.sizeBytes);
  source.readSync(into, 0);
  return into;
}

/** Left-symmetric RAID 5 over three devices, made from the content as the layout says: only where data and parity lie is tested elsewhere. */
function raid5Devices(): readonly Uint8Array[] {
  const layout = parityLayout(5, 2);
  if (layout === undefined) throw new Error("no layout");
  const devices = [0, 1, 2].map(() => new Uint8Array(SIZE / 2));
  for (let row = 0; row < SIZE / 2 / CHUNK; row++) {
    const { p, data } = layout.row(row, 3);
    const parity = devices[p]?.subarray(row * CHUNK, (row + 1) * CHUNK);
    for (const [i, device] of data.entries()) {
      const chunk = content.subarray((row * 2 + i) * CHUNK, (row * 2 + i + 1) * CHUNK);
      devices[device]?.set(chunk, row * CHUNK);
      for (let at = 0; at < CHUNK; at++) if (parity !== undefined) parity[at] = (parity[at] ?? 0) ^ (chunk[at] ?? 0);
    }
  }
  return devices;
}

function raid5(sources: readonly BlockSource[], parityBytes = Number.POSITIVE_INFINITY): BlockSource {
  const layout = parityLayout(5, 2);
  if (layout === undefined) throw new Error("no layout");
  const legs = sources.map((source, i) => leg(`leg ${i}`, source));
  return paritySource({ label: "vg/r5", sizeBytes: SIZE, legs, chunkBytes: CHUNK, layout, parityFits: upTo(parityBytes) });
}

describe("a sector that cannot be read", () => {
  const bad = { badSectors: [[9, 11]] as const };

  test("is had from the other leg of a mirror", () => {
    const source = mirroredSource("vg/m", SIZE, [
      leg("a", new FailingSource(content, bad)),
      leg("b", new MemorySource(content)),
    ]);
    expect(read(source)).toEqual(content);
  });

  test("without blocking too", async () => {
    const source = mirroredSource("vg/m", SIZE, [
      leg("a", new FailingSource(content, bad)),
      leg("b", new MemorySource(content)),
    ]);
    const into = new Uint8Array(SIZE);
    await source.read(into, 0);
    expect(into).toEqual(content);
  });

  test("is computed from the other devices of a row", () => {
    const devices = raid5Devices();
    for (let failing = 0; failing < 3; failing++) {
      const sources = devices.map((bytes, i) => (i === failing ? new FailingSource(bytes, bad) : new MemorySource(bytes)));
      expect(read(raid5(sources))).toEqual(content);
    }
  });

  test("is an error where no copy of it can be read", () => {
    const source = mirroredSource("vg/m", SIZE, [
      leg("a", new FailingSource(content, bad)),
      leg("b", new FailingSource(content, bad)),
    ]);
    expect(() => read(source)).toThrow();
    expect(() => read(raid5(raid5Devices().map((bytes) => new FailingSource(bytes, bad))))).toThrow();
  });

  const pumped = async (source: BlockSource) => {
    const into = new Uint8Array(source.sizeBytes);
    for await (const chunk of pump(source, { windowBytes: 16_384 })) {
      if ("bytes" in chunk) into.set(chunk.bytes, chunk.offsetBytes);
      else expect.fail(chunk.fault.message);
    }
    return into;
  };

  test("costs no byte of file data: the pump has it from the other leg, or computes it", async () => {
    const mirror = mirroredSource("vg/m", SIZE, [
      leg("a", new FailingSource(content, bad)),
      leg("b", new MemorySource(content)),
    ]);
    // A file's content, as a filesystem on the mirror says where it lies.
    expect(await pumped(new SliceSource(mirror, 4096, 16_384, "file"))).toEqual(content.subarray(4096, 20_480));
    for (let failing = 0; failing < 3; failing++) {
      const sources = raid5Devices().map((bytes, i) =>
        i === failing ? new FailingSource(bytes, bad) : new MemorySource(bytes),
      );
      expect(await pumped(raid5(sources))).toEqual(content);
    }
  });

  test("that no other copy makes up for is the only one that is lost", async () => {
    const mirror = mirroredSource("vg/m", SIZE, [
      leg("a", new FailingSource(content, bad)),
      leg("b", new FailingSource(content, { badSectors: [[10, 30]] })),
    ]);
    const lost: number[] = [];
    for await (const chunk of pump(mirror)) if ("fault" in chunk) lost.push(chunk.offsetBytes / 512, chunk.lengthBytes / 512);
    expect(lost).toEqual([10, 1]);
  });

  test("is avoided in a plan that is told of it", () => {
    const [first, second] = [new MemorySource(content, "a"), new MemorySource(content, "b")];
    const source = mirroredSource("vg/m", SIZE, [leg("a", first), leg("b", second)]);
    const avoid = [{ source: first, offsetBytes: 9 * 512, lengthBytes: 1024 }];
    const plan = [...resolve(source, 0, SIZE, avoid)].map((extent) =>
      extent.kind === "data" ? [extent.source.label, extent.lengthBytes] : [],
    );
    expect(plan).toEqual([
      ["a", 4096],
      ["b", 4096],
      ["a", SIZE - 8192],
    ]);
  });
});

describe("what is not what it should be is not read", () => {
  test("a leg behind its recovery offset", () => {
    const garbage = new Uint8Array(SIZE).fill(0xee);
    garbage.set(content.subarray(0, 10_240));
    const source = mirroredSource("vg/m", SIZE, [
      leg("new", new MemorySource(garbage), 10_240),
      leg("old", new MemorySource(content)),
    ]);
    expect(read(source)).toEqual(content);
  });

  test("parity that was never made", () => {
    const sources: BlockSource[] = raid5Devices().map((bytes) => new MemorySource(bytes));
    const layout = parityLayout(5, 2);
    if (layout === undefined) throw new Error("no layout");
    const legs = sources.map(
      (source, i): Leg =>
        i === 0 ? { name: "gone", source: undefined, goodBytes: 0, reason: undefined } : leg(`${i}`, source),
    );
    const source = paritySource({ label: "vg/r5", sizeBytes: SIZE, legs, chunkBytes: CHUNK, layout, parityFits: upTo(8192) });
    const start = new Uint8Array(4 * CHUNK);
    source.readSync(start, 0);
    expect(start).toEqual(content.subarray(0, 4 * CHUNK));
    expect(() => read(source)).toThrow(
      "vg/r5: too many devices are missing, or parity was never made at byte 12288 of each device",
    );
  });
});
