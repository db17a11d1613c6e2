import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../src/bytes/crc32.ts";
import { NomountError } from "../../src/error.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { gptDriver } from "../../src/volume/gpt/gpt.ts";
import { gptEntry, gptHeader } from "../../src/volume/gpt/layout.ts";
import { fixtureBytes } from "../support/fixture.ts";
import { openTable } from "../support/open-table.ts";
import { patch } from "../support/patch.ts";

const PRIMARY = 512;
const options = { sectorBytes: undefined };
type HeaderFields = Parameters<typeof gptHeader.encode>[0];
type EntryFields = Parameters<typeof gptEntry.encode>[0];

const fresh = (name = "gpt-named"): Uint8Array => Uint8Array.from(fixtureBytes(name));
const open = (bytes: Uint8Array) => openTable(new MemorySource(bytes, "disk.img"));
const names = (bytes: Uint8Array): readonly string[] => open(bytes).table.volumes.map(({ name }) => name);
const backupOf = (bytes: Uint8Array): number => bytes.length - 512;
const WHOLE = ["p1", "p2", "p5", "p7", "p128"];

/** Changes fields of a header and makes its checksum right again. */
function forge(bytes: Uint8Array, at: number, values: HeaderFields): void {
  patch(bytes, gptHeader, at, { ...values, headerCrc32: 0 });
  patch(bytes, gptHeader, at, { headerCrc32: crc32(bytes.subarray(at, at + 92)) });
}

/** Changes an entry of the primary table and makes both checksums right again. */
function forgeEntry(bytes: Uint8Array, number: number, values: EntryFields): void {
  patch(bytes, gptEntry, 1024 + (number - 1) * 128, values);
  forge(bytes, PRIMARY, { entriesCrc32: crc32(bytes.subarray(1024, 1024 + 128 * 128)) });
}

describe("a damaged primary", () => {
  const cases: readonly (readonly [string, (bytes: Uint8Array) => void])[] = [
    [
      'header: expected signature "EFI PART", found 45 46 49 20 50 41 52 58',
      (bytes) => bytes.fill(0x58, PRIMARY + 7, PRIMARY + 8),
    ],
    ["header: expected a size of 92 to 512 bytes, found 91", (bytes) => forge(bytes, PRIMARY, { headerBytes: 91 })],
    ["header: expected a size of 92 to 512 bytes, found 513", (bytes) => forge(bytes, PRIMARY, { headerBytes: 513 })],
    ["header: CRC mismatch: expected 0x", (bytes) => patch(bytes, gptHeader, PRIMARY, { reserved: 1 })],
    ["header: expected its own LBA 1, found 2", (bytes) => forge(bytes, PRIMARY, { myLba: 2n })],
    ["header: expected an entry size of 128 to 4096 bytes, found 64", (bytes) => forge(bytes, PRIMARY, { entryBytes: 64 })],
    ["header: expected an entry size of 128 to 4096 bytes, found 132", (bytes) => forge(bytes, PRIMARY, { entryBytes: 132 })],
    [
      "header: expected an entry size of 128 to 4096 bytes, found 4294967288",
      (bytes) => forge(bytes, PRIMARY, { entryBytes: 0xfffffff8 }),
    ],
    [
      "header: 4294967295 entries of 128 bytes: expected at most 8388608 bytes in all",
      (bytes) => forge(bytes, PRIMARY, { entryCount: 0xffffffff }),
    ],
    [
      "entries LBA 0xffffffffffffffff is out of range: expected below 2^53",
      (bytes) => forge(bytes, PRIMARY, { entriesLba: 2n ** 64n - 1n }),
    ],
    [
      "entries: 16384 bytes are expected at byte 2560000000, beyond the end",
      (bytes) => forge(bytes, PRIMARY, { entriesLba: 5_000_000n }),
    ],
    ["header: CRC mismatch of its 128 entries: expected 0x", (bytes) => patch(bytes, gptEntry, 1024, { attributes: 7n })],
    ["alternate LBA 0x8000000000000000 is out of range", (bytes) => forge(bytes, PRIMARY, { alternateLba: 2n ** 63n })],
  ];

  test.each(cases)("%s: the backup is used, and both are said", (message, damage) => {
    const bytes = fresh();
    damage(bytes);
    const { table, warnings } = open(bytes);
    expect(table.volumes.map(({ name }) => name)).toEqual(WHOLE);
    expect(warnings).toEqual([
      expect.stringContaining(`gpt: the primary is damaged, the backup at byte ${backupOf(bytes)} is used: gpt: ${message}`),
    ]);
  });

  test.each(cases)("%s: without a backup it is refused", (message, damage) => {
    const bytes = fresh();
    damage(bytes);
    bytes.fill(0, backupOf(bytes));
    expect(() => open(bytes)).toThrow(
      expect.objectContaining({
        kind: "corrupt",
        message: expect.stringContaining(`gpt: neither the primary nor a backup can be used: gpt: ${message}`),
      }),
    );
  });

  test("on a disk that has grown leads to the backup by its own pointer", () => {
    const bytes = new Uint8Array(8 << 20);
    bytes.set(fresh());
    patch(bytes, gptEntry, 1024, { attributes: 7n });
    const { table, warnings } = open(bytes);
    expect(table.volumes.map(({ name }) => name)).toEqual(WHOLE);
    expect(warnings).toEqual([expect.stringContaining(`the backup at byte ${(4 << 20) - 512} is used`)]);
  });

  test("with 4096-byte sectors leads to the backup in the last of them", () => {
    const bytes = fresh("gpt-4096");
    bytes.fill(0, 0, 4096 * 6);
    const { table, warnings } = open(bytes);
    expect(table).toMatchObject({ sectorBytes: 4096, certain: false, notes: ["no protective MBR"] });
    expect(names(bytes)).toEqual(["p1", "p2"]);
    expect(warnings).toEqual([expect.stringContaining(`the backup at byte ${bytes.length - 4096} is used`)]);
  });
});

describe("a damaged backup", () => {
  test.each([
    ['expected signature "EFI PART", found 00 00 00 00 00 00 00 00', (bytes: Uint8Array) => bytes.fill(0, backupOf(bytes))],
    ["CRC mismatch", (bytes: Uint8Array) => patch(bytes, gptHeader, backupOf(bytes), { revision: 0 })],
    [
      "CRC mismatch of its 128 entries",
      (bytes: Uint8Array) => patch(bytes, gptEntry, backupOf(bytes) - 128 * 128, { attributes: 7n }),
    ],
  ])("%s is said, and the primary is used", (message, damage) => {
    const bytes = fresh();
    damage(bytes);
    const { table, warnings } = open(bytes);
    expect(table.volumes.map(({ name }) => name)).toEqual(WHOLE);
    expect(warnings).toEqual([expect.stringContaining("gpt: the backup cannot be used, the primary is: gpt: header: ")]);
    expect(warnings[0]).toContain(message);
  });
});

describe("an entry", () => {
  test.each([
    ["that ends before it begins", { firstLba: 100n, lastLba: 98n }, "first LBA 100, last LBA 98"],
    [
      "at the edge of 64 bits",
      { firstLba: 2n ** 64n - 2n, lastLba: 2n ** 64n - 1n },
      "first LBA 18446744073709551614, last LBA 18446744073709551615",
    ],
    ["beyond 2^53 bytes", { firstLba: 1n, lastLba: 2n ** 45n }, "first LBA 1, last LBA 35184372088832"],
  ])("%s is left out by name, the others stay", (_, place, text) => {
    const bytes = fresh();
    forgeEntry(bytes, 2, place);
    const { table, warnings } = open(bytes);
    expect(table.volumes.map(({ name }) => name)).toEqual(["p1", "p5", "p7", "p128"]);
    expect(warnings).toContain(`gpt: p2 is left out, its place makes no sense: ${text} (disk.img)`);
  });

  test("whose last LBA is inclusive keeps its last sector", () => {
    const bytes = fresh();
    forgeEntry(bytes, 5, { firstLba: 2048n, lastLba: 2048n });
    expect(open(bytes).table.volumes.find(({ name }) => name === "p5")?.source.sizeBytes).toBe(512);
  });

  test("with halves of surrogate pairs in its name keeps them", () => {
    const bytes = fresh();
    forgeEntry(bytes, 1, { name: Uint8Array.from([0x61, 0, 0x00, 0xd8, 0x62, 0, ...new Array(66).fill(0)]) });
    expect(open(bytes).table.volumes[0]?.label).toBe("a\udced\udca0\udc80b");
  });
});

describe("whether it is a GPT", () => {
  const takes = (bytes: Uint8Array): boolean => gptDriver.probe(new MemorySource(bytes), options);

  test("an MBR of other partitions without the protective one makes a GPT a leftover", () => {
    const bytes = fresh();
    bytes.set(fixtureBytes("mbr-logical").subarray(0, 512));
    expect(takes(bytes)).toBe(false);
    expect(open(bytes).table.scheme).toBe("mbr");
  });

  test("a protective MBR alone announces one, and opening says that it is lost", () => {
    const bytes = fresh();
    bytes.fill(0, 512);
    expect(takes(bytes)).toBe(true);
    expect(() => open(bytes)).toThrow("gpt: neither the primary nor a backup can be used");
  });

  test("without any MBR the GPT's own word is taken, and the lack is noted", () => {
    const bytes = fresh();
    bytes.fill(0, 0, 512);
    const { table } = open(bytes);
    expect(table).toMatchObject({ certain: true, notes: ["no protective MBR"] });
  });

  test("zeros, and a source too short for a header, are none", () => {
    expect(takes(new Uint8Array(100_000))).toBe(false);
    expect(takes(new Uint8Array(100))).toBe(false);
    expect(takes(fresh().subarray(0, 600))).toBe(true);
  });
});

test("whatever bits of a table are flipped, it opens, is refused, or says why", () => {
  const original = fresh();
  const place = fc.oneof(
    fc.integer({ min: 446, max: 1024 + 600 }),
    fc.integer({ min: original.length - 600, max: original.length - 1 }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      (flips, forged) => {
        const bytes = Uint8Array.from(original);
        for (const [at, bits] of flips) bytes[at] = (bytes[at] ?? 0) ^ bits;
        if (forged) forge(bytes, PRIMARY, {});
        const source = new MemorySource(bytes);
        if (!gptDriver.probe(source, options)) return;
        try {
          gptDriver.open([source], options, () => {});
        } catch (error) {
          expect(error).toBeInstanceOf(NomountError);
        }
      },
    ),
    { numRuns: 150 },
  );
});
