import { describe, expect, test } from "vitest";
import { fileRecord } from "../../src/filesystem/ntfs/layout.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import { bytesOf, NtfsImage, walkAll } from "../support/ntfs-image.ts";

/** Damage to one file: its record, attributes, runs. Each test is named after what must be said; everything else must come. */
const STANDARD_INFORMATION = 0x10;
const LIST = 0x20;
const FILE_NAME = 0x30;
const DATA = 0x80;

describe("FILE record", () => {
  const cases: readonly (readonly [string, (image: NtfsImage, record: number, id: number) => void, RegExp])[] = [
    ["signature", ({ bytes }, record) => bytes.write("XXXX", record), /expected the signature "FILE", found 0x58585858/],
    ["BAAD", ({ bytes }, record) => bytes.write("BAAD", record), /marked "BAAD": a check of the disk found it torn/],
    [
      "torn",
      ({ bytes }, record) => bytes.writeUInt16LE(0xdead, record + 1022),
      /update sequence mismatch in sector 1: expected 0x[0-9a-f]{4}, found 0xdead/,
    ],
    [
      "update sequence out of bounds",
      ({ bytes }, record) => bytes.writeUInt16LE(1023, record + 4),
      /update sequence of 3 values at 0x3ff does not fit 1024 bytes/,
    ],
    ["update sequence of no values", ({ bytes }, record) => bytes.writeUInt16LE(0, record + 6), /update sequence of 0 values/],
    [
      "used bytes",
      ({ bytes }, record) => bytes.writeUInt32LE(4097, record + fileRecord.offsetOf("usedBytes")),
      /attributes from 0x38 to 0x1001 do not fit 1024 bytes/,
    ],
    [
      "attributes offset",
      ({ bytes }, record) => bytes.writeUInt16LE(0xffff, record + fileRecord.offsetOf("attributesOffset")),
      /attributes from 0xffff to/,
    ],
    [
      "attribute of length 0",
      (image, _, id) => image.bytes.writeUInt32LE(0, image.attribute(id, STANDARD_INFORMATION) + 4),
      /\$STANDARD_INFORMATION at 0x38 has a length of 0: expected a multiple of 8/,
    ],
    [
      "attribute of odd length",
      (image, _, id) => image.bytes.writeUInt32LE(97, image.attribute(id, STANDARD_INFORMATION) + 4),
      /has a length of 97/,
    ],
    [
      "attribute past the end",
      (image, _, id) => image.bytes.writeUInt32LE(0x7ffffff8, image.attribute(id, DATA) + 4),
      /\$DATA at 0x\w+ has a length of 2147483640/,
    ],
    [
      "attribute neither resident nor not",
      (image, _, id) => image.bytes.writeUInt8(7, image.attribute(id, DATA) + 8),
      /is neither resident nor non-resident: 7/,
    ],
    [
      "name past the end",
      (image, _, id) => image.bytes.writeUInt8(255, image.attribute(id, DATA) + 9),
      /has a name that reaches past/,
    ],
    [
      "value past the end",
      (image, _, id) => image.bytes.writeUInt32LE(0xffffff00, image.attribute(id, FILE_NAME) + 16),
      /\$FILE_NAME at 0x\w+ has a value of 4294967040 bytes that reaches past its/,
    ],
    [
      "run list past the end",
      (image, _, id) => image.bytes.writeUInt16LE(0xfff0, image.attribute(id, DATA) + 32),
      /has a run list past its \d+ bytes/,
    ],
    [
      "start VCN",
      (image, _, id) => image.bytes.fill(0xff, image.attribute(id, DATA) + 16, image.attribute(id, DATA) + 24),
      /begins at a VCN of 2\^53 or above/,
    ],
    [
      "size of 2^63",
      (image, _, id) => image.bytes.fill(0x7f, image.attribute(id, DATA) + 48, image.attribute(id, DATA) + 56),
      /\$DATA has a size of 2\^53 bytes or above/,
    ],
  ];

  test.each(cases)("%s: that file's line, with its place; the rest comes", (_, damage, message) => {
    const image = new NtfsImage("ntfs-facets");
    const id = image.id("/data/plain");
    damage(image, image.record(id), id);
    const { paths, damage: lines } = walkAll(image.open());
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^data/plain: ntfs: FILE record ${id}: `));
    expect(lines[0]).toMatch(message);
    expect(lines[0]).toMatch(/\(hostile, byte 0x[0-9a-f]+\)$/);
    expect(paths).toEqual(walkAll(image.intact).paths.filter((path) => path !== "data/plain"));
  });

  test("a name that leads to a record used anew is damage, and not the new file", () => {
    const image = new NtfsImage("ntfs-facets");
    const record = image.record(image.id("/data/plain"));
    image.bytes.writeUInt16LE(9, record + fileRecord.offsetOf("sequence"));
    const fileSystem = image.open();
    expect(walkAll(fileSystem).damage).toEqual([
      expect.stringMatching(
        /^data: ntfs: FILE record \d+: entry "plain": record \d+ was used anew: expected sequence 1, found 9/,
      ),
    ]);
    expect(() => resolvePath(fileSystem, "/data/plain")).toThrow(/was used anew/);
  });

  test("a name that leads to a record that is not in use is damage", () => {
    const image = new NtfsImage("ntfs-facets");
    const record = image.record(image.id("/data/plain"));
    image.bytes.writeUInt16LE(0, record + fileRecord.offsetOf("flags"));
    expect(walkAll(image.open()).damage).toEqual([expect.stringMatching(/entry "plain": record \d+ is not in use/)]);
  });

  test("a record that does not exist, or is no file, is a wrong path", () => {
    const { intact } = new NtfsImage("ntfs-fragments");
    expect(() => intact.node(1e9)).toThrow(/there is no FILE record 1000000000: \$MFT has \d+/);
    expect(() => intact.node(-1)).toThrow(/there is no FILE record -1/);
    expect(() => intact.node(16)).toThrow(/FILE record 16 is no file: it extends record 0/);
  });
});

describe("runs", () => {
  const contentOf = (damage: (image: NtfsImage, data: number) => void, path = "/data/plain") => {
    const image = new NtfsImage("ntfs-facets");
    const id = image.id(path);
    damage(image, image.attribute(id, DATA));
    const fileSystem = image.open();
    expect(walkAll(fileSystem)).toEqual(walkAll(image.intact));
    return fileSystem.content(id);
  };

  test.each([
    ["past the end of the volume", [0x31, 0x4a, 0xff, 0xff, 0x7f, 0], /the run at VCN 0 leads past the volume's 4095 clusters/],
    ["before its begin", [0x31, 0x4a, 0xff, 0xff, 0xff, 0], /the run at VCN 0 leads past the volume's/],
    ["of no length", [0x30, 1, 2, 3, 0], /run 0 of the list begins with 0x30/],
    ["of nine bytes of length", [0x19, 1, 2, 3, 0], /run 0 of the list begins with 0x19/],
    ["of a negative length", [0x11, 0xff, 0x20, 0], /run 0 of the list has a length of -1 clusters/],
    ["that end before the size", [0x21, 0x02, 0x00, 0x01, 0], /no run covers VCN 2; the last ends at 2/],
    ["of none at all", [0], /no run covers VCN 0/],
  ] as const)("%s: missing by name, never zeros", (_, runs, message) => {
    const content = contentOf(({ bytes }, data) => bytes.set(runs, data + 64));
    expect(() => bytesOf(content)).toThrow(message);
    expect(() => bytesOf(content)).toThrow(/^ntfs: FILE record \d+: \$DATA: /);
  });

  test("a valid data length beyond the size changes nothing", () => {
    const image = new NtfsImage("ntfs-facets");
    const content = contentOf(({ bytes }, data) => bytes.writeBigUInt64LE(1n << 40n, data + 56));
    expect(bytesOf(content)).toEqual(bytesOf(image.intact.content(image.id("/data/plain"))));
  });

  test("beyond the valid data length are zeros, with the place of what lies there", () => {
    const { intact, id } = withId("/data/valid-length");
    const content = intact.content(id);
    const extents = [...(content.extents?.(0, content.sizeBytes) ?? [])];
    expect(extents.map(({ kind, lengthBytes }) => [kind, lengthBytes])).toEqual([
      ["data", 33_333],
      ["hole", 66_667],
    ]);
    const [, hole] = extents;
    expect(hole?.kind === "hole" && hole.backing?.offsetBytes).toBe(
      extents[0]?.kind === "data" ? extents[0].offsetBytes + 33_333 : undefined,
    );
  });

  test("a compressed unit that is not LZNT1: an error, never other bytes", () => {
    const image = new NtfsImage("ntfs-facets");
    const id = image.id("/data/compressed/text");
    const content = image.intact.content(id);
    const [unit] = [...(content.extents?.(0, content.sizeBytes) ?? [])];
    if (unit?.kind !== "packed" || unit.parts[0]?.kind !== "data") throw new Error("not compressed");
    image.bytes.fill(0x11, unit.parts[0].offsetBytes, unit.parts[0].offsetBytes + 64);
    expect(() => bytesOf(image.open().content(id))).toThrow(/^lznt1: chunk header 0x1111, at byte 0 of the compressed unit/);
  });

  test("another compression than LZNT1 is refused by name", () => {
    const image = new NtfsImage("ntfs-facets");
    const id = image.id("/data/compressed/text");
    image.bytes.writeUInt16LE(3, image.attribute(id, DATA) + 12);
    expect(() => image.open().content(id)).toThrow(/is compressed by method 3 in units of 2\^4 clusters: expected LZNT1/);
  });
});

describe("refused by name, never as zeros", () => {
  test.each([
    ["encrypted", /FILE record \d+: \$DATA is encrypted \(EFS\), and its key is not on the volume/],
    ["wof", /is compressed by the system \(WOF\): its data lies in the stream WofCompressedData/],
    ["dedup", /is deduplicated: its data lies in the chunk store/],
    ["cloud", /has its data elsewhere: it is offline \(cloud file\)/],
    ["unknown", /is a reparse point of the unknown tag 0x80000999/],
  ])("%s", (name, message) => {
    const { intact, id } = withId(`/refused/${name}`);
    expect(() => intact.content(id)).toThrow(message);
  });
});

describe("attribute list", () => {
  const list = (image: NtfsImage, id: number) => {
    const [entries] = [image.intact.node(id).id].map(() => image.attribute(id, LIST));
    return entries ?? 0;
  };

  test("a record that does not extend the file: what should lie there is lost, the rest comes", () => {
    const image = new NtfsImage("ntfs-fragments");
    const id = image.id("/files/scattered");
    // Its list lies in a cluster; the first entry of a stream is found by that stream's name.
    const name = Buffer.from("stream 1 beside", "utf16le");
    const entry = image.bytes.indexOf(name, 0) - 26;
    expect(image.bytes.readUInt32LE(entry)).toBe(DATA);
    image.bytes.writeUInt32LE(5, entry + 16);
    const fileSystem = image.open();
    expect(walkAll(fileSystem)).toEqual(walkAll(image.intact));
    expect(() => fileSystem.content(id, "stream 1 beside a fragmented content")).toThrow(
      /\$DATA:stream 1 beside a fragmented content should lie in record 5, which does not extend this one/,
    );
    expect(bytesOf(fileSystem.content(id))).toEqual(bytesOf(image.intact.content(id)));
    expect(list(image, id)).toBeGreaterThan(0);
  });

  test("an extension record torn: only what it holds is missing", () => {
    const image = new NtfsImage("ntfs-fragments");
    const id = image.id("/files/comb");
    const record = extensionOf(image, id);
    image.bytes.writeUInt16LE(0xdead, image.record(record) + 510);
    const content = image.open().content(id);
    expect(() => bytesOf(content)).toThrow(new RegExp(`FILE record ${record}: update sequence mismatch`));
    const first = Buffer.alloc(1024);
    content.readSync(first, 0);
    expect(first.toString()).toMatch(/^comb +000000000\n/);
  });
});

function extensionOf(image: NtfsImage, id: number): number {
  for (let number = 600; number > 23; number--) {
    try {
      const record = image.record(number);
      const extendsIt = image.bytes.readUInt32LE(record + fileRecord.offsetOf("baseReference")) === id;
      if (extendsIt && image.bytes.readBigUInt64LE(image.attribute(number, DATA) + 16) > 0n) return number;
    } catch {}
  }
  throw new Error("no extension record");
}

function withId(path: string) {
  const image = new NtfsImage("ntfs-facets");
  return { intact: image.intact, id: image.id(path) };
}
