import fc from "fast-check";
import { expect, test } from "vitest";
import { MemorySource } from "../../src/source/memory.ts";
import { OverlaySource } from "../../src/source/overlay.ts";
import { resolve } from "../../src/source/resolve.ts";

/** Each byte says where it lies, and in which of the two sources. */
function counter(length: number, of: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + of * 101) & 0xff);
}

const change = fc.oneof(
  fc.record({ remap: fc.nat(40), to: fc.nat(300) }),
  fc.record({ write: fc.uint8Array({ minLength: 1, maxLength: 70 }), at: fc.nat(300) }),
);

test("reads as the base with every change made in turn, by all ways of reading", async () => {
  const range = fc.record({ from: fc.nat(330), length: fc.nat(330) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 30 }),
      fc.constantFrom(1, 4, 16, 64),
      range,
      async (changes, unitBytes, { from, length }) => {
        const base = new MemorySource(counter(333, 1));
        const donor = new MemorySource(counter(400, 2));
        const overlay = new OverlaySource(base, { unitBytes, donor });
        const model = counter(333, 1);
        for (const one of changes) {
          if ("remap" in one) {
            const start = one.remap * unitBytes;
            if (start >= model.length) continue;
            overlay.remap(one.remap, one.to);
            model.set(counter(400, 2).subarray(one.to, one.to + Math.min(unitBytes, model.length - start)), start);
          } else {
            const bytes = one.write.subarray(0, Math.max(0, model.length - one.at));
            overlay.write(bytes, one.at);
            model.set(bytes, one.at);
          }
        }
        const offset = Math.min(from, model.length);
        const size = Math.min(length, model.length - offset);
        const expected = model.slice(offset, offset + size);
        const sync = new Uint8Array(size);
        overlay.readSync(sync, offset);
        expect(sync).toEqual(expected);
        const slow = new Uint8Array(size);
        await overlay.read(slow, offset);
        expect(slow).toEqual(expected);
        const gathered: number[] = [];
        for (const extent of resolve(overlay, offset, size)) {
          const part = new Uint8Array(extent.lengthBytes);
          if (extent.kind === "inline") part.set(extent.bytes);
          else if (extent.kind === "data") extent.source.readSync(part, extent.offsetBytes);
          else throw new Error(extent.kind);
          gathered.push(...part);
        }
        expect(gathered).toEqual([...expected]);
      },
    ),
    { numRuns: 300 },
  );
});

test("many changes in a long range are found, and neighbours of the base stay one extent", () => {
  const base = new MemorySource(counter(100_000, 1));
  const overlay = new OverlaySource(base, { unitBytes: 10, donor: new MemorySource(counter(100_000, 2)) });
  for (let unit = 9_000; unit >= 1_000; unit -= 1_000) overlay.remap(unit, unit * 10);
  const extents = [...resolve(overlay)];
  expect(extents.filter(({ lengthBytes }) => lengthBytes === 10)).toHaveLength(9);
  expect(extents).toHaveLength(19);
});

test("neighbours that the donor holds side by side are one extent", () => {
  const overlay = new OverlaySource(new MemorySource(counter(1000, 1)), {
    unitBytes: 100,
    donor: new MemorySource(counter(1000, 2)),
  });
  overlay.remap(3, 500);
  overlay.remap(4, 600);
  expect([...resolve(overlay)].map(({ lengthBytes }) => lengthBytes)).toEqual([300, 200, 500]);
});

test("counts what it holds in memory, and gives it back on closing", () => {
  const overlay = new OverlaySource(new MemorySource(counter(1000, 1)), {
    unitBytes: 100,
    donor: new MemorySource(counter(1000, 2)),
  });
  overlay.write(Uint8Array.of(1, 2, 3), 99);
  expect([overlay.changedUnits, overlay.bytesInMemory]).toEqual([2, 200]);
  overlay.remap(0, 0);
  expect([overlay.changedUnits, overlay.bytesInMemory]).toEqual([2, 100]);
  overlay.close();
  overlay.close();
  expect([overlay.changedUnits, overlay.bytesInMemory]).toEqual([0, 0]);
  expect(() => overlay.readSync(new Uint8Array(1), 0)).toThrow("read after close (memory, byte 0x0)");
});

test("nothing is changed beyond its end", () => {
  const overlay = new OverlaySource(new MemorySource(counter(1000, 1)), { unitBytes: 100 });
  expect(() => overlay.remap(10, 0)).toThrow("reaches past the end at 1000");
  expect(() => overlay.write(new Uint8Array(2), 999)).toThrow("reaches past the end at 1000");
});
