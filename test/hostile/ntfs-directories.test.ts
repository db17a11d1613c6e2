import { describe, expect, test } from "vitest";
import { fileRecord, indexBlock } from "../../src/filesystem/ntfs/layout.ts";
import { NtfsImage, walkAll } from "../support/ntfs-image.ts";

/** Damage to a directory's index. The directory of 500 names has a root in its record, and leaves in INDX blocks. */
const INDEX_ROOT = 0x90;
const BITMAP = 0xb0;
const SECTOR_BYTES = 512;

function many() {
  const image = new NtfsImage("ntfs-fragments");
  const id = image.id("/many");
  const allocation = blocksOf(image, " scattered name");
  return { image, id, allocation, all: walkAll(image.intact).paths };
}

/** Where the INDX blocks of a directory lie, whose names all end alike. */
function blocksOf({ bytes }: NtfsImage, ending: string): readonly number[] {
  const units = Buffer.from(ending, "utf16le");
  const blocks: number[] = [];
  for (let at = bytes.indexOf("INDX"); at >= 0; at = bytes.indexOf("INDX", at + 1)) {
    if (at % SECTOR_BYTES === 0 && bytes.subarray(at, at + 4096).includes(units)) blocks.push(at);
  }
  return blocks;
}

describe("INDX block", () => {
  const cases: readonly (readonly [string, (bytes: Buffer, block: number) => void, RegExp])[] = [
    ["signature", (bytes, block) => bytes.write("XXXX", block), /expected the signature "INDX", found 0x58585858/],
    ["torn", (bytes, block) => bytes.writeUInt16LE(0xdead, block + 510), /update sequence mismatch in sector 0/],
    ["VCN", (bytes, block) => bytes.writeUInt32LE(77, block + indexBlock.offsetOf("vcn")), /expected VCN \d+, found 77/],
    ["entries offset", (bytes, block) => bytes.writeUInt32LE(0xffffff, block + 24), /entries from 0xffffff to/],
    ["used bytes", (bytes, block) => bytes.writeUInt32LE(0xffff, block + 28), /entries from 0x\w+ to 0xffff do not fit/],
    [
      "entry of length 0",
      (bytes, block) => bytes.writeUInt16LE(0, firstEntry(bytes, block) + 8),
      /entry 0 at 0x\w+ has a length of 0/,
    ],
    [
      "entry too long",
      (bytes, block) => bytes.writeUInt16LE(0xfff8, firstEntry(bytes, block) + 8),
      /has a length of 65528 bytes/,
    ],
    ["key too short", (bytes, block) => bytes.writeUInt16LE(8, firstEntry(bytes, block) + 10), /has a key of 8 bytes/],
    ["name too long", (bytes, block) => bytes.writeUInt8(255, firstEntry(bytes, block) + 16 + 64), /has a key of \d+ bytes/],
  ];

  test.each(cases)("%s: that directory's line, the names of the other blocks come", (_, damage, message) => {
    const { image, allocation, all } = many();
    const block = allocation[1] ?? 0;
    damage(image.bytes, block);
    const { paths, damage: lines } = walkAll(image.open());
    expect(lines.length).toBeGreaterThanOrEqual(1);
    expect(lines[0]).toMatch(/^many: ntfs: FILE record \d+: INDX block \d+: /);
    expect(lines[0]).toMatch(message);
    expect(paths.length).toBeGreaterThan(all.length - 60);
    expect(paths.length).toBeLessThan(all.length);
    expect(new Set(paths).size).toBe(paths.length);
  });

  test("leads to itself: told once, and no ring", () => {
    const { image, allocation, all } = many();
    const block = allocation[1] ?? 0;
    const entry = firstEntry(image.bytes, block);
    // The first entry gets the block itself for its sub-node: the last eight bytes of the entry.
    const length = image.bytes.readUInt16LE(entry + 8);
    image.bytes.writeUInt16LE(image.bytes.readUInt16LE(entry + 12) | 1, entry + 12);
    image.bytes.writeUInt16LE(image.bytes.readUInt16LE(entry + 10) - 8, entry + 10);
    const units = image.bytes.readUInt8(entry + 16 + 64);
    image.bytes.writeUInt8(Math.max(1, units - 4), entry + 16 + 64);
    image.bytes.copy(
      image.bytes,
      entry + length - 8,
      block + indexBlock.offsetOf("vcn"),
      block + indexBlock.offsetOf("vcn") + 8,
    );
    const { paths, damage } = walkAll(image.open());
    expect(damage.join("\n")).toMatch(/INDX block \d+ hangs in its directory's index twice/);
    expect(paths.length).toBeLessThanOrEqual(all.length);
  });

  test("the root's sub-node past the end: the blocks are found by the directory's bitmap", () => {
    const { image, id, all } = many();
    const root = image.attribute(id, INDEX_ROOT);
    // The last entry of the root ends with the VCN of the last leaf or inner block.
    const value = root + image.bytes.readUInt16LE(root + 20);
    const end = value + 16 + image.bytes.readUInt32LE(value + 16 + 4);
    image.bytes.writeUInt32LE(0x7fffff, end - 8);
    const { paths, damage } = walkAll(image.open());
    expect(damage.join("\n")).toMatch(/INDX block 8388607 lies past the \d+ bytes of \$INDEX_ALLOCATION:\$I30/);
    expect(paths.toSorted()).toEqual(all.toSorted());
  });

  test("a bitmap that says nothing is used costs nothing while the tree is whole", () => {
    const { image, id, all } = many();
    const bitmap = image.attribute(id, BITMAP);
    const value = bitmap + image.bytes.readUInt16LE(bitmap + 20);
    image.bytes.fill(0, value, value + image.bytes.readUInt32LE(bitmap + 16));
    expect(walkAll(image.open())).toEqual({ paths: all, damage: [] });
  });
});

describe("$INDEX_ROOT", () => {
  test.each([
    ["another attribute", 0, 0x80, /\$INDEX_ROOT:\$I30 indexes attribute 0x80: expected 0x30/],
    ["blocks of no size", 8, 0, /has blocks of 0 bytes: expected 512 to 65536/],
    ["blocks of a gigabyte", 8, 1 << 30, /has blocks of 1073741824 bytes/],
    ["entries past its end", 16, 0xffff, /\$INDEX_ROOT:\$I30: entries from 0xffff to/],
  ] as const)("%s: the directory cannot be listed, the rest comes", (_, offset, value, message) => {
    const { image, id, all } = many();
    const root = image.attribute(id, INDEX_ROOT);
    image.bytes.writeUInt32LE(value, root + image.bytes.readUInt16LE(root + 20) + offset);
    const { paths, damage } = walkAll(image.open());
    expect(damage.join("\n")).toMatch(message);
    expect(paths).toEqual(all.filter((path) => !path.startsWith("many/")));
  });

  test("missing: a directory says so, and a file is none", () => {
    const { image, id } = many();
    image.bytes.writeUInt32LE(0x94, image.attribute(id, INDEX_ROOT));
    expect(() => [...image.open().list(id, () => {})]).toThrow(/there is no \$INDEX_ROOT:\$I30/);
    expect(() => [...image.intact.list(image.id("/files/comb"), () => {})]).toThrow(/FILE record \d+ is no directory/);
  });
});

describe("names that no file can have", () => {
  test.each([
    ["a/b", /entry "a\/b": no file can have this name/],
    ["...", undefined],
    ["..", /entry "\.\.": no file can have this name/],
    ["a\0b", /entry "a\\u0000b": no file can have this name/],
  ])("%j", (name, message) => {
    const image = new NtfsImage("ntfs-facets");
    const blocks = image.blocksWith("plain");
    expect(blocks).toHaveLength(1);
    rename(image.bytes, blocks[0] ?? 0, name);
    const { paths, damage } = walkAll(image.open());
    if (message === undefined) expect(paths).toContain(`data/${name}`);
    else expect(damage.join("\n")).toMatch(message);
    expect(paths.every((path) => !path.includes("\0") && !path.split("/").includes(".."))).toBe(true);
  });
});

function rename(bytes: Buffer, from: number, name: string): void {
  const at = bytes.indexOf(Buffer.from("plain", "utf16le"), from);
  bytes.writeUInt8(name.length, at - 2);
  bytes.write(name, at, "utf16le");
  if ((at % SECTOR_BYTES) + 2 * name.length > SECTOR_BYTES - 2) throw new Error("across the end of a sector");
}

function firstEntry(bytes: Buffer, block: number): number {
  return block + 24 + bytes.readUInt32LE(block + 24);
}

test("the layouts that these tests patch are where they think", () => {
  expect(fileRecord.sizeBytes).toBe(42);
  expect(indexBlock.sizeBytes).toBe(24);
});

test("a sub-node at a VCN of 2^53: found by the fuzz script, which saw NaN in the message", () => {
  const image = new NtfsImage("ntfs-facets");
  const id = image.id("/streams");
  const root = image.attribute(id, INDEX_ROOT);
  const value = root + image.bytes.readUInt16LE(root + 20);
  const last = value + 16 + image.bytes.readUInt32LE(value + 16 + 4) - 8;
  image.bytes.fill(0xff, last, last + 8);
  expect(walkAll(image.open()).damage.join("\n")).toMatch(
    /\$INDEX_ROOT:\$I30: entry 0 at 0x20 has a sub-node at a VCN of 2\^53 or above/,
  );
});
