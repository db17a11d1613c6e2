import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NomountError } from "../../src/error.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { biosParameterBlock, bootRecord, partitionEntry } from "../../src/volume/mbr/layout.ts";
import { mbrDriver } from "../../src/volume/mbr/mbr.ts";
import { fixtureBytes } from "../support/fixture.ts";
import { openTable } from "../support/open-table.ts";
import { patch } from "../support/patch.ts";

const SECTOR_BYTES = 512;
const options = { sectorBytes: undefined };

interface Entry {
  readonly bootIndicator?: number;
  readonly type: number;
  readonly startLba: number;
  readonly sectorCount: number;
}

/** A disk of some sectors with boot records at these places. */
function disk(sectors: number, records: Readonly<Record<number, readonly Entry[]>>): Uint8Array {
  const bytes = new Uint8Array(sectors * SECTOR_BYTES);
  for (const [lba, entries] of Object.entries(records)) writeRecord(bytes, Number(lba), entries);
  return bytes;
}

function writeRecord(bytes: Uint8Array, lba: number, entries: readonly Entry[]): void {
  const at = lba * SECTOR_BYTES;
  patch(bytes, bootRecord, at, { diskSignature: 1, signature: 0xaa55 });
  for (const [i, entry] of entries.entries()) {
    patch(bytes, partitionEntry, at + bootRecord.offsetOf("entries") + i * partitionEntry.sizeBytes, entry);
  }
}

const extended = (startLba: number, sectorCount: number): Entry => ({ type: 5, startLba, sectorCount });
const linux = (startLba: number, sectorCount: number): Entry => ({ type: 0x83, startLba, sectorCount });

const open = (bytes: Uint8Array) => openTable(new MemorySource(bytes, "disk.img"));
const names = (bytes: Uint8Array): readonly string[] => open(bytes).table.volumes.map(({ name }) => name);
const takes = (bytes: Uint8Array): boolean => mbrDriver.probe(new MemorySource(bytes), options);

describe("a chain of extended boot records", () => {
  test("that comes back to its beginning", () => {
    const ring = disk(1000, {
      0: [extended(100, 900)],
      100: [linux(1, 10), extended(50, 50)],
      150: [linux(1, 10), extended(0, 50)],
    });
    expect(names(ring)).toEqual(["p1", "p5", "p6"]);
    expect(open(ring).warnings).toEqual([
      "mbr: p1: the chain of extended boot records comes back to sector 100; logical partitions after it cannot be found (disk.img, byte 0xc800)",
    ]);
  });

  test("that points at itself", () => {
    const ring = disk(300, { 0: [extended(100, 200)], 100: [linux(1, 10), extended(0, 200)] });
    expect(open(ring).warnings).toEqual([expect.stringContaining("comes back to sector 100")]);
  });

  test("that leads to a sector without a signature", () => {
    const bytes = disk(1000, { 0: [extended(100, 900)], 100: [linux(1, 10), extended(50, 50)] });
    expect(names(bytes)).toEqual(["p1", "p5"]);
    expect(open(bytes).warnings).toEqual([
      "mbr: p1: extended boot record at sector 150 has no signature 0xaa55; logical partitions after it cannot be found (disk.img, byte 0x12c00)",
    ]);
  });

  test("that leads beyond the end", () => {
    const bytes = disk(200, { 0: [extended(100, 100)], 100: [linux(1, 10), extended(4_000_000_000, 50)] });
    expect(open(bytes).warnings).toEqual([
      expect.stringContaining("extended boot record at sector 4000000100 lies beyond the end"),
    ]);
  });

  test("of links that lead to no partition ends where Linux ends it", () => {
    const records: Record<number, Entry[]> = { 0: [extended(1, 2000)] };
    for (let i = 0; i < 500; i++) records[1 + i] = [extended(i + 1, 1)];
    expect(open(disk(2100, records)).warnings).toEqual([
      expect.stringContaining("100 extended boot records in a row hold no partition"),
    ]);
  });

  test("of more partitions than Linux numbers", () => {
    const records: Record<number, Entry[]> = { 0: [extended(1, 3000)] };
    for (let i = 0; i < 400; i++) records[1 + i * 2] = [linux(1, 1), extended(i * 2 + 2, 2)];
    const bytes = disk(3100, records);
    expect(names(bytes).at(-1)).toBe("p255");
    expect(open(bytes).warnings).toEqual([expect.stringContaining("there are more than 251 logical partitions")]);
  });

  test("goes on over an empty slot, and the number is not lost: Linux counts partitions, not records", () => {
    const bytes = disk(1000, { 0: [extended(100, 900)], 100: [linux(0, 0), extended(50, 50)], 150: [linux(1, 10)] });
    expect(names(bytes)).toEqual(["p1", "p5"]);
  });

  test("with its link in the first entry, as DR-DOS writes it", () => {
    const bytes = disk(1000, { 0: [extended(100, 900)], 100: [extended(50, 50), linux(1, 10)], 150: [linux(1, 10)] });
    expect(names(bytes)).toEqual(["p1", "p5", "p6"]);
  });

  test("has garbage in its last two entries, which counts only where it fits", () => {
    const fits = linux(20, 10);
    const bytes = disk(1000, { 0: [extended(100, 900)], 100: [linux(1, 10), linux(0, 0), fits, linux(5, 99_999)] });
    expect(open(bytes).table.volumes.map(({ name, startBytes }) => [name, startBytes])).toEqual([
      ["p1", 100 * 512],
      ["p5", 101 * 512],
      ["p6", 120 * 512],
    ]);
  });

  test("in two extended partitions goes on counting", () => {
    const bytes = disk(1000, {
      0: [extended(100, 100), linux(900, 9), extended(300, 100)],
      100: [linux(1, 10)],
      300: [linux(1, 10)],
    });
    expect(names(bytes)).toEqual(["p1", "p2", "p3", "p5", "p6"]);
  });
});

describe("a partition", () => {
  test("that begins behind the end", () => {
    const { table, warnings } = open(disk(100, { 0: [linux(5000, 10)] }));
    expect(warnings).toEqual(["mbr: p1 lies beyond the end of disk.img: it takes bytes 2560000 to 2565120, of 51200"]);
    expect(() => table.volumes[0]?.source.readSync(new Uint8Array(1), 0)).toThrow(
      "disk.img is truncated: it ends at byte 51200, before this place (disk.img/p1, byte 0x0)",
    );
  });

  test("as large as the fields can say", () => {
    const { table } = openTable(new MemorySource(disk(100, { 0: [linux(0xffffffff, 0xffffffff)] })), 4096);
    expect(table.volumes[0]?.source.sizeBytes).toBe(0xffffffff * 4096);
  });

  test("of type 0 with sectors is one, as on hybrid ISO images", () => {
    expect(names(disk(100, { 0: [{ type: 0, startLba: 0, sectorCount: 50, bootIndicator: 0x80 }] }))).toEqual(["p1"]);
  });
});

describe("a sector that ends in 55aa", () => {
  const entries = [linux(10, 20), linux(30, 40)];

  test("is no table when a boot indicator is neither 0 nor 0x80", () => {
    expect(takes(disk(100, { 0: entries }))).toBe(true);
    expect(takes(disk(100, { 0: [...entries, { ...linux(70, 5), bootIndicator: 0x81 }] }))).toBe(false);
  });

  test("is no table on an AIX disk", () => {
    const bytes = disk(100, { 0: entries });
    bytes.set([0xc9, 0xc2, 0xd4, 0xc1]);
    expect(takes(bytes)).toBe(false);
  });

  test("is no table when the disk is shorter than a sector", () => {
    expect(takes(disk(100, { 0: entries }).subarray(0, 511))).toBe(false);
  });

  const fat = {
    jump: Uint8Array.of(0xeb, 0x3c, 0x90),
    bytesPerSector: 512,
    sectorsPerCluster: 4,
    reservedSectors: 1,
    fatCount: 2,
    media: 0xf8,
  };

  test.each([
    ["FAT", fat],
    ["NTFS", { ...fat, oemName: Uint8Array.from(Buffer.from("NTFS    ")), fatCount: 0 }],
    ["exFAT", { oemName: Uint8Array.from(Buffer.from("EXFAT   ")) }],
  ])("is the boot sector of %s, unless its entries describe partitions of the disk", (_, head) => {
    for (const [isTable, list] of [
      [true, entries],
      [false, []],
      [false, [linux(10, 20), linux(25, 40)]],
      [false, [linux(10, 200)]],
      [false, [linux(0, 20)]],
      [false, [{ ...linux(10, 20), type: 0 }]],
    ] as const) {
      const bytes = disk(100, { 0: list });
      patch(bytes, biosParameterBlock, 0, head);
      expect(takes(bytes)).toBe(isTable);
    }
  });
});

test("opening what is no table says so", () => {
  expect(() => mbrDriver.open([new MemorySource(new Uint8Array(512), "zero.img")], options, () => {})).toThrow(
    "mbr: no partition table in sector 0 (zero.img, byte 0x0)",
  );
});

test("whatever bits of a table are flipped, it opens, is refused, or says why, in bounded time", () => {
  const original = fixtureBytes("mbr-logical").subarray(0, 512 * 8192);
  const heads = [0, 1000, 2099, 2999, 5999].map((lba) => lba * 512 + 440);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...heads), fc.integer({ min: 0, max: 71 }), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 6,
      }),
      (flips) => {
        const bytes = Uint8Array.from(original);
        for (const [head, at, bits] of flips) bytes[head + at] = (bytes[head + at] ?? 0) ^ bits;
        const source = new MemorySource(bytes);
        if (!mbrDriver.probe(source, options)) return;
        try {
          const [table] = mbrDriver.open([source], options, () => {});
          expect(table?.volumes.length).toBeLessThanOrEqual(255);
        } catch (error) {
          expect(error).toBeInstanceOf(NomountError);
        }
      },
    ),
    { numRuns: 150 },
  );
});
