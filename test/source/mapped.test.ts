import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BlockSource, Extent } from "../../src/source/block-source.ts";
import { MappedSource } from "../../src/source/mapped.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { clip, resolve } from "../../src/source/resolve.ts";
import { SliceSource } from "../../src/source/slice.ts";
import { contentOf } from "../support/content-of-extents.ts";
import { countedBytes } from "../support/counted-bytes.ts";
import { FailingSource } from "../support/failing-source.ts";

/** A tree of mappings beside the bytes that it stands for. */
interface Model {
  readonly source: BlockSource;
  readonly bytes: Uint8Array;
}

const root: fc.Arbitrary<Model> = fc.integer({ min: 1, max: 400 }).map((length) => {
  const bytes = countedBytes(length, length * 1000);
  return { source: new MemorySource(bytes), bytes };
});

const piecesOf = (inner: fc.Arbitrary<Model>): fc.Arbitrary<{ extent: Extent; bytes: Uint8Array }> =>
  fc.oneof(
    fc.tuple(inner, fc.nat(), fc.nat()).map(([{ source, bytes }, a, b]) => {
      const offsetBytes = a % bytes.length;
      const lengthBytes = 1 + (b % (bytes.length - offsetBytes));
      return {
        extent: { kind: "data", lengthBytes, source, offsetBytes } as const,
        bytes: bytes.subarray(offsetBytes, offsetBytes + lengthBytes),
      };
    }),
    fc.integer({ min: 1, max: 50 }).map((lengthBytes) => ({
      extent: { kind: "hole", lengthBytes } as const,
      bytes: new Uint8Array(lengthBytes),
    })),
    fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => ({
      extent: { kind: "inline", lengthBytes: bytes.length, bytes } as const,
      bytes,
    })),
  );

const mappingOf = (inner: fc.Arbitrary<Model>): fc.Arbitrary<Model> =>
  fc.array(piecesOf(inner), { minLength: 1, maxLength: 6 }).map((pieces) => ({
    source: contentOf(pieces.map(({ extent }) => extent)),
    bytes: Uint8Array.from(Buffer.concat(pieces.map(({ bytes }) => bytes))),
  }));

const nested = mappingOf(fc.oneof(root, mappingOf(fc.oneof(root, mappingOf(root)))));

describe("a mapping of mappings", () => {
  test("reads as the bytes it is made of", async () => {
    await fc.assert(
      fc.asyncProperty(nested, fc.nat(), fc.nat(), async ({ source, bytes }, a, b) => {
        const start = a % bytes.length;
        const length = b % (bytes.length - start + 1);
        const [now, later] = [new Uint8Array(length).fill(0xaa), new Uint8Array(length).fill(0xaa)];
        source.readSync(now, start);
        await source.read(later, start);
        expect(now).toEqual(bytes.subarray(start, start + length));
        expect(later).toEqual(now);
      }),
      { numRuns: 200 },
    );
  });

  test("resolves to roots that read the same, neighbours merged", () => {
    fc.assert(
      fc.property(nested, ({ source, bytes }) => {
        const extents = [...resolve(source)];
        for (const extent of extents) if (extent.kind === "data") expect(extent.source.extents).toBeUndefined();
        const again = new Uint8Array(bytes.length);
        contentOf(extents).readSync(again, 0);
        expect(again).toEqual(bytes);
        for (const [i, b] of extents.slice(1).entries()) {
          const a = extents[i];
          if (a?.kind === "hole") expect(b.kind).not.toBe("hole");
          if (a?.kind === "data" && b.kind === "data" && a.source === b.source) {
            expect(a.offsetBytes + a.lengthBytes).not.toBe(b.offsetBytes);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test("clip gives exactly the part that was asked for", () => {
    fc.assert(
      fc.property(nested, fc.nat(), fc.nat(), ({ source, bytes }, a, b) => {
        const start = a % bytes.length;
        const length = b % (bytes.length - start + 1);
        const part = contentOf([...clip(resolve(source), 0, start, length)]);
        const read = new Uint8Array(part.sizeBytes);
        part.readSync(read, 0);
        expect(read).toEqual(bytes.subarray(start, start + length));
      }),
      { numRuns: 200 },
    );
  });
});

describe("what a mapping cannot give", () => {
  const fault = { kind: "source", message: "pv1 is missing" } as const;

  test("a missing extent fails the reads that touch it, and no others", async () => {
    const source = contentOf([
      { kind: "hole", lengthBytes: 10 },
      { kind: "missing", lengthBytes: 10, fault },
      { kind: "hole", lengthBytes: 10 },
    ]);
    source.readSync(new Uint8Array(10), 0);
    source.readSync(new Uint8Array(10), 20);
    expect(() => source.readSync(new Uint8Array(2), 9)).toThrow("pv1 is missing");
    await expect(source.read(new Uint8Array(2), 19)).rejects.toThrow("pv1 is missing");
  });

  test("two missing neighbours with one reason are one", () => {
    const source = contentOf([
      { kind: "missing", lengthBytes: 10, fault },
      { kind: "missing", lengthBytes: 5, fault },
      { kind: "missing", lengthBytes: 5, fault: { kind: "source", message: "another" } },
    ]);
    expect([...resolve(source)].map(({ lengthBytes }) => lengthBytes)).toEqual([15, 5]);
  });

  test("a failed part of an asynchronous read ends it only when no other part owns the buffer any more", async () => {
    const failing = new FailingSource(new Uint8Array(2048), { badSectors: [[0, 1]] });
    const source = contentOf(
      [0, 512, 1024].map((offsetBytes) => ({ kind: "data", lengthBytes: 512, source: failing, offsetBytes }) as const),
    );
    await expect(source.read(new Uint8Array(1536), 0)).rejects.toThrow("EIO");
    expect(failing.inFlight).toBe(0);
    expect(failing.reads).toBe(3);
  });
});

describe("a hole with room behind it", () => {
  const disk = new MemorySource(countedBytes(1000));

  test("keeps its place through slices and mappings as long as that is one piece", () => {
    const volume = new SliceSource(disk, 100, 500, "p1");
    const file = contentOf([{ kind: "hole", lengthBytes: 50, backing: { source: volume, offsetBytes: 10 } }]);
    expect([...resolve(file, 5, 20)]).toEqual([{ kind: "hole", lengthBytes: 20, backing: { source: disk, offsetBytes: 115 } }]);
  });

  test("neighbours merge where their rooms are neighbours", () => {
    const hole = (offsetBytes: number) => ({ kind: "hole", lengthBytes: 10, backing: { source: disk, offsetBytes } }) as const;
    expect([...resolve(contentOf([hole(0), hole(10), hole(30)]))].map(({ lengthBytes }) => lengthBytes)).toEqual([20, 10]);
  });
});

test("an empty range of a mapping asks the map for nothing", () => {
  const source = new MappedSource("m", 10, () => {
    throw new Error("asked");
  });
  source.readSync(new Uint8Array(0), 10);
  expect([...source.extents(5, 0)]).toEqual([]);
});
