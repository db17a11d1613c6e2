import { describe, expect, test } from "vitest";
import type { NomountError } from "../../src/error.ts";
import { inodeLayout, superblockLayout } from "../../src/filesystem/ext/layout.ts";
import type { FileSystem } from "../../src/filesystem/file-system.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import { walk } from "../../src/filesystem/walk.ts";
import type { Extent } from "../../src/source/block-source.ts";
import { openFixture } from "../support/ext-fixture.ts";

/**
 * Damage made at named fields of ext4-deep: blocks of 1 KiB, one group, no checksums of metadata. Each test is named after
 * what must be said.
 */
const BLOCK_BYTES = 1024;
const INODE_BYTES = 256;
const SUPERBLOCK = 1024;
const GROUP_DESCRIPTOR = 2048;
const INODE_TABLE_FIELD = GROUP_DESCRIPTOR + 8;
const field = (name: Parameters<typeof superblockLayout.offsetOf>[0]) => SUPERBLOCK + superblockLayout.offsetOf(name);

class Image {
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  inode(number: number): number {
    return this.view.getUint32(INODE_TABLE_FIELD, true) * BLOCK_BYTES + (number - 1) * INODE_BYTES;
  }

  /** Where the mapping of an inode begins: its root node. */
  root(number: number): number {
    return this.inode(number) + inodeLayout.offsetOf("block");
  }

  /** The node or block to which the entry `index` of a node points. */
  child(node: number, index = 0): number {
    const isLeaf = this.view.getUint16(node + 6, true) === 0;
    return this.view.getUint32(node + 12 + index * 12 + (isLeaf ? 8 : 4), true) * BLOCK_BYTES;
  }

  /** The leaf that maps the beginning of a file. */
  leaf(number: number): number {
    let node = this.root(number);
    while (this.view.getUint16(node + 6, true) > 0) node = this.child(node);
    return node;
  }
}

const intact = openFixture("ext4-deep");
const inodeOf = (path: string) => resolvePath(intact, path).node.id;
const [fragments, small, file, link, indexed] = ["fragments", "small", "file", "link", "indexed"].map(inodeOf) as [
  number,
  number,
  number,
  number,
  number,
];

function damaged(change: (image: Image) => void): FileSystem {
  return openFixture("ext4-deep", (bytes) => change(new Image(bytes)));
}

function listed(fileSystem: FileSystem, directory: number): { names: string[]; messages: string[] } {
  const messages: string[] = [];
  const names = [...fileSystem.list(directory, (error) => messages.push(error.message))].map(({ name }) => name);
  return { names, messages };
}

function extentsOf(fileSystem: FileSystem, id: number): Extent[] {
  const content = fileSystem.content(id);
  return [...(content.extents?.(0, content.sizeBytes) ?? [])];
}

function missing(extents: readonly Extent[]): { bytes: number; messages: string[] } {
  const found = extents.flatMap((extent) => (extent.kind === "missing" ? [extent] : []));
  return {
    bytes: found.reduce((sum, extent) => sum + extent.lengthBytes, 0),
    messages: [...new Set(found.map((extent) => extent.fault.message))],
  };
}

describe("superblock", () => {
  const cases: readonly (readonly [message: RegExp, change: (image: Image) => void])[] = [
    [/^ext: superblock: expected magic 0xef53, found 0x0000 /, ({ view }) => view.setUint16(field("magic"), 0, true)],
    [/expected revision 0 or 1, found 7/, ({ view }) => view.setUint32(field("revision"), 7, true)],
    [/block size of 1024 << 0 to 1024 << 6, found 1024 << 40/, ({ view }) => view.setUint32(field("blockSizeLog"), 40, true)],
    [
      /expected an inode size from 128 to 1024, a power of two, found 200/,
      ({ view }) => view.setUint16(field("inodeBytes"), 200, true),
    ],
    [
      /expected 8 to 8192 blocks or clusters in a group, found 0/,
      ({ view }) => view.setUint32(field("blocksPerGroup"), 0, true),
    ],
    [/expected 1 to 8192 inodes in a group, found 0/, ({ view }) => view.setUint32(field("inodesPerGroup"), 0, true)],
    [
      /expected data to begin at block 0 or 1 of 6144, found 77/,
      ({ view }) => view.setUint32(field("firstDataBlock"), 77, true),
    ],
    [/expected 4000 inodes \(1 groups of 4000\), found 1/, ({ view }) => view.setUint32(field("inodeCount"), 1, true)],
    [
      /blocks are out of range: expected below 2\^53 bytes/,
      ({ view }) => {
        view.setUint32(field("incompatibleFeatures"), 0x2c2, true);
        view.setUint32(field("blockCountHigh"), 0xffff_ffff, true);
      },
    ],
    [
      /^ext4: feature compression, FEATURE_I30 is not supported/,
      ({ view }) => view.setUint32(field("incompatibleFeatures"), 0x4000_0243, true),
    ],
    [/external journal of a filesystem/, ({ view }) => view.setUint32(field("incompatibleFeatures"), 0x8, true)],
  ];
  test.each(cases)("%s", (message, change) => expect(() => damaged(change)).toThrow(message));

  test("its checksum does not match: libext2fs says so", () => {
    const change = (bytes: Uint8Array) => bytes.set([0x77], field("mountCount"));
    expect(() => openFixture("ext4-unwritten", change)).toThrow(
      /^ext4: superblock checksum does not match superblock \(ext4-unwritten\.img, byte 0x400\)/,
    );
  });
});

describe("group descriptors and inodes", () => {
  test("inode table: expected blocks below 6144, found some from 123456", () => {
    const fileSystem = damaged(({ view }) => view.setUint32(INODE_TABLE_FIELD, 123_456, true));
    expect(() => fileSystem.node(2)).toThrow(/inode table: expected blocks below 6144, found some from 123456/);
  });

  test("expected an inode from 1 to 4000", () => {
    for (const number of [0, -1, 4001, 2 ** 32 + 2, 1.5]) {
      expect(() => damaged(() => {}).node(number)).toThrow(/inode from 11 on|from 1 to 4000/);
    }
  });

  test("it is deleted, though a name leads to it", () => {
    const fileSystem = damaged((image) => image.view.setUint16(image.inode(file) + inodeLayout.offsetOf("linkCount"), 0, true));
    expect(() => fileSystem.node(file)).toThrow(/is deleted, though a name leads to it \(ext4-deep\.img, byte 0x/);
  });

  test("a size is out of range: expected below 2^53", () => {
    const fileSystem = damaged((image) =>
      image.view.setUint32(image.inode(file) + inodeLayout.offsetOf("sizeHigh"), 0x7fff_ffff, true),
    );
    expect(() => fileSystem.node(file)).toThrow(/a size of 0x7fffffff0000[0-9a-f]{4} is out of range: expected below 2\^53/);
  });

  test("its checksum does not match its content", () => {
    const fileSystem = openFixture("ext4-unwritten", (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const table = view.getUint32(INODE_TABLE_FIELD, true) * BLOCK_BYTES;
      view.setUint8(table + 12 * INODE_BYTES + 4, view.getUint8(table + 12 * INODE_BYTES + 4) ^ 1);
    });
    expect(() => fileSystem.node(13)).toThrow(
      /^ext4: inode 13: its checksum does not match its content \(ext4-unwritten\.img, byte 0x/,
    );
    expect(fileSystem.node(12).id).toBe(12);
  });
});

describe("directories", () => {
  const smallBlock = (image: Image) => image.child(image.root(small));
  /** After "." and "..". */
  const firstEntry = (image: Image) => smallBlock(image) + 24;

  test("directory entry: expected a length of 12 to 1000, a multiple of 4, found 0", () => {
    const fileSystem = damaged((image) => image.view.setUint16(firstEntry(image) + 4, 0, true));
    const { names, messages } = listed(fileSystem, small);
    expect(names).toEqual([]);
    expect(messages).toEqual([
      expect.stringMatching(
        /^ext4: inode \d+: directory entry: expected a length of 12 to 1000, a multiple of 4, found 0 \(ext4-deep/,
      ),
    ]);
  });

  test("directory entry: a length past the end of its block", () => {
    const fileSystem = damaged((image) => image.view.setUint16(firstEntry(image) + 4, 2000, true));
    expect(listed(fileSystem, small).messages[0]).toMatch(/expected a length of 12 to 1000, a multiple of 4, found 2000/);
  });

  test("directory entry: expected a name that fits its 12 bytes, found 200 bytes", () => {
    const fileSystem = damaged((image) => image.view.setUint8(firstEntry(image) + 6, 200));
    expect(listed(fileSystem, small).messages[0]).toMatch(/expected a name that fits its 12 bytes, found 200 bytes/);
  });

  test("directory entry: its name holds the byte 0x2f; the others still come", () => {
    const fileSystem = damaged((image) => image.view.setUint8(firstEntry(image) + 8, 0x2f));
    const { names, messages } = listed(fileSystem, small);
    expect(names).toEqual(["bb", "ccc"]);
    expect(messages).toEqual([expect.stringMatching(/its name holds the byte 0x2f/)]);
  });

  test("directory entry: its name holds the byte 0x00", () => {
    const fileSystem = damaged((image) => image.view.setUint8(firstEntry(image) + 8, 0));
    expect(listed(fileSystem, small)).toEqual({
      names: ["bb", "ccc"],
      messages: [expect.stringMatching(/its name holds the byte 0x00/)],
    });
  });

  test("directory entry: expected an inode from 1 to 4000, found 4294967295", () => {
    const fileSystem = damaged((image) => image.view.setUint32(firstEntry(image), 0xffff_ffff, true));
    const { names, messages } = listed(fileSystem, small);
    expect(names).toEqual(["bb", "ccc"]);
    expect(messages).toEqual([expect.stringMatching(/expected an inode from 1 to 4000, found 4294967295/)]);
  });

  test("a broken block of many costs its own entries only", () => {
    const before = listed(intact, indexed).names;
    const fileSystem = damaged((image) => image.view.setUint16(image.child(image.leaf(indexed), 1) + 4, 3, true));
    const { names, messages } = listed(fileSystem, indexed);
    expect(messages).toHaveLength(1);
    expect(names.length).toBeGreaterThan(before.length * 0.7);
    expect(names.length).toBeLessThan(before.length);
  });

  test("an index that leads to itself changes nothing: entries are read by blocks", () => {
    const fileSystem = damaged((image) => {
      const root = image.child(image.leaf(indexed));
      for (let entry = 32; entry < BLOCK_BYTES; entry += 8) image.view.setUint32(root + entry + 4, 0, true);
    });
    expect(listed(fileSystem, indexed).names).toHaveLength(400);
  });

  test("directory: a hole of 9 blocks", () => {
    const fileSystem = damaged((image) => image.view.setUint16(image.root(indexed) + 2, 0, true));
    const { names, messages } = listed(fileSystem, indexed);
    expect(names).toEqual([]);
    expect(messages).toEqual([expect.stringMatching(/directory: a hole of \d+ blocks/)]);
  });

  test("directory block: its checksum does not match its content", () => {
    const fileSystem = openFixture("ext4-unwritten", (bytes) => {
      const image = new Image(bytes);
      image.view.setUint8(image.child(image.root(2)) + 24 + 8, 0x7a);
    });
    expect(listed(fileSystem, 2)).toEqual({
      names: [],
      messages: [
        expect.stringMatching(/^ext4: inode 2: directory block: its checksum does not match its content \(ext4-unwritten/),
      ],
    });
  });

  test("a directory that is its own child: the walk says so and ends", () => {
    const fileSystem = damaged((image) => {
      image.view.setUint32(firstEntry(image), small, true);
    });
    const messages: string[] = [];
    const paths = [...walk(fileSystem, fileSystem.node(small), (_, error: NomountError) => messages.push(error.message))];
    expect(paths.length).toBe(4);
    expect(messages).toEqual([expect.stringMatching(/has a second name/)]);
  });

  test("expected a directory, found mode 0100644", () => {
    expect(() => listed(intact, file)).toThrow(/^ext4: inode \d+: expected a directory, found mode 0100644/);
  });
});

describe("extent trees", () => {
  const total = intact.node(fragments).sizeBytes;

  test("extent node: expected magic 0xf30a, found 0xffff; the other ranges still come", () => {
    const fileSystem = damaged((image) =>
      image.view.setUint16(image.child(image.child(image.root(fragments)), 1), 0xffff, true),
    );
    const extents = extentsOf(fileSystem, fragments);
    const { bytes, messages } = missing(extents);
    expect(messages).toEqual([
      expect.stringMatching(
        /^ext4: inode \d+: extent node: expected magic 0xf30a, found 0xffff \(ext4-deep\.img, byte 0x[0-9a-f]+\)$/,
      ),
    ]);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(total / 4);
    expect(extents.reduce((sum, extent) => sum + extent.lengthBytes, 0)).toBe(total);
  });

  test("extent node: expected magic 0xf30a, found 0x0000, in the inode itself", () => {
    const fileSystem = damaged((image) => image.view.setUint16(image.root(fragments), 0, true));
    expect(missing(extentsOf(fileSystem, fragments)).bytes).toBe(total);
  });

  test("extent node: expected depth 1, found 2: a node that leads to itself", () => {
    const fileSystem = damaged((image) => {
      const top = image.child(image.root(fragments));
      image.view.setUint16(top + 6, 2, true);
      for (let entry = top + 12; entry < top + BLOCK_BYTES - 12; entry += 12)
        image.view.setUint32(entry + 4, top / BLOCK_BYTES, true);
    });
    expect(missing(extentsOf(fileSystem, fragments))).toEqual({
      bytes: total,
      messages: [expect.stringMatching(/expected depth 1, found 2/)],
    });
  });

  test("extent node: expected depth 0, found 1: all entries lead back to their own node", () => {
    const fileSystem = damaged((image) => {
      const top = image.child(image.root(fragments));
      for (let entry = top + 12; entry < top + BLOCK_BYTES - 12; entry += 12)
        image.view.setUint32(entry + 4, top / BLOCK_BYTES, true);
    });
    expect(missing(extentsOf(fileSystem, fragments)).messages[0]).toMatch(/expected depth 0, found 1/);
  });

  test("extent node: expected depth 5, found 65535", () => {
    const fileSystem = damaged((image) => image.view.setUint16(image.root(fragments) + 6, 65535, true));
    expect(missing(extentsOf(fileSystem, fragments)).messages).toEqual([
      expect.stringMatching(/expected depth 5, found 65535/),
    ]);
  });

  test("extent node: expected at most 4 entries, found 340", () => {
    const fileSystem = damaged((image) => {
      image.view.setUint16(image.root(file) + 2, 340, true);
      image.view.setUint16(image.root(file) + 4, 340, true);
    });
    expect(missing(extentsOf(fileSystem, file)).messages).toEqual([
      expect.stringMatching(/expected at most 4 entries, found 340/),
    ]);
  });

  test("extent node: expected logical block 3 or above, in order, found 0: two leaves that are one", () => {
    const fileSystem = damaged((image) => {
      const top = image.child(image.root(fragments));
      image.view.setUint32(top + 12 + 12 + 4, image.view.getUint32(top + 12 + 4, true), true);
    });
    const { bytes, messages } = missing(extentsOf(fileSystem, fragments));
    expect(messages).toEqual([expect.stringMatching(/expected logical block \d+ or above, in order, found 0/)]);
    expect(bytes).toBeLessThan(total / 4);
  });

  test("extent: expected blocks below 6144, found some from 281474976710655", () => {
    const fileSystem = damaged((image) => {
      image.view.setUint16(image.root(file) + 12 + 6, 0xffff, true);
      image.view.setUint32(image.root(file) + 12 + 8, 0xffff_ffff, true);
    });
    expect(missing(extentsOf(fileSystem, file))).toEqual({
      bytes: 3000,
      messages: [expect.stringMatching(/extent: expected blocks below 6144, found some from 281474976710655/)],
    });
  });

  test("extent: a length of 0 does not fit", () => {
    const fileSystem = damaged((image) => image.view.setUint16(image.root(file) + 12 + 4, 0, true));
    expect(missing(extentsOf(fileSystem, file)).messages).toEqual([expect.stringMatching(/a length of 0 does not fit/)]);
  });

  test("reading what is missing throws the reason", () => {
    const fileSystem = damaged((image) => image.view.setUint16(image.root(file), 0, true));
    expect(() => fileSystem.content(file).readSync(new Uint8Array(10), 0)).toThrow(/extent node: expected magic/);
  });

  test("a size of 8 exbibytes less one block is refused; one of 4 petabytes is a hole", () => {
    const fileSystem = damaged((image) =>
      image.view.setUint32(image.inode(file) + inodeLayout.offsetOf("sizeHigh"), 0xf_ffff, true),
    );
    const extents = extentsOf(fileSystem, file);
    expect(extents.at(-1)).toMatchObject({ kind: "hole" });
    expect(extents.length).toBe(2);
  });
});

describe("block pointers (ext3-indirect)", () => {
  const third = openFixture("ext3-indirect");
  const all = resolvePath(third, "all-levels-but-one").node;
  const root = (bytes: Uint8Array) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return view.getUint32(INODE_TABLE_FIELD, true) * BLOCK_BYTES + (all.id - 1) * 128 + inodeLayout.offsetOf("block");
  };

  test("block pointer: expected a block below 6144, found 4000000000", () => {
    const fileSystem = openFixture("ext3-indirect", (bytes) => {
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(root(bytes) + 4, 4_000_000_000, true);
    });
    expect(missing(extentsOf(fileSystem, all.id))).toEqual({
      bytes: 1024,
      messages: [expect.stringMatching(/^ext3: inode \d+: block pointer: expected a block below 6144, found 4000000000 \(/)],
    });
  });

  test("a damaged indirect block costs the range that it maps", () => {
    const fileSystem = openFixture("ext3-indirect", (bytes) => {
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(root(bytes) + 12 * 4, 9_999_999, true);
    });
    expect(missing(extentsOf(fileSystem, all.id)).bytes).toBe(256 * 1024);
  });

  test("an indirect block that points to itself comes to an end", () => {
    const fileSystem = openFixture("ext3-indirect", (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const triple = root(bytes) + 14 * 4;
      const block = view.getUint32(root(bytes) + 12 * 4, true);
      for (let i = 0; i < 256; i++) view.setUint32(block * BLOCK_BYTES + i * 4, block, true);
      view.setUint32(triple, block, true);
      view.setUint32(root(bytes) - inodeLayout.offsetOf("block") + inodeLayout.offsetOf("sizeLow"), 0x800_0000, true);
    });
    const content = fileSystem.content(all.id);
    let covered = 0;
    for (const extent of content.extents?.(0, content.sizeBytes) ?? []) covered += extent.lengthBytes;
    expect(covered).toBe(content.sizeBytes);
  });
});

describe("symlinks and extended attributes", () => {
  test("symlink: expected a target of 1 to 65536 bytes, found 0", () => {
    const fileSystem = damaged((image) => image.view.setUint32(image.inode(link) + inodeLayout.offsetOf("sizeLow"), 0, true));
    expect(() => fileSystem.linkTarget(link)).toThrow(/symlink: expected a target of 1 to 65536 bytes, found 0/);
  });

  test("symlink: expected a target below 60 bytes, found 80", () => {
    const fileSystem = damaged((image) =>
      image.view.setUint32(image.inode(link) + inodeLayout.offsetOf("blockCountLow"), 0, true),
    );
    expect(() => fileSystem.linkTarget(link)).toThrow(/symlink: expected a target below 60 bytes, found 80/);
  });

  test("an attribute block that is none", () => {
    const fileSystem = damaged((image) =>
      image.view.setUint32(
        image.inode(file) + inodeLayout.offsetOf("xattrBlockLow"),
        image.child(image.root(small)) / BLOCK_BYTES,
        true,
      ),
    );
    expect(() => fileSystem.xattrs(file)).toThrow(/^ext4: inode \d+: .*(extended attribute|ea).*\(ext4-deep\.img, byte 0x/i);
  });

  test("an attribute block beyond the end", () => {
    const fileSystem = damaged((image) =>
      image.view.setUint32(image.inode(file) + inodeLayout.offsetOf("xattrBlockLow"), 0xffff_fff0, true),
    );
    expect(() => fileSystem.xattrs(file)).toThrow(/^ext4: inode \d+: /);
  });
});
