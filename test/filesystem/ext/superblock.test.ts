import { expect, test } from "vitest";
import { superblockLayout } from "../../../src/filesystem/ext/layout.ts";
import { readSuperblock } from "../../../src/filesystem/ext/superblock.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { driver, openExt, openFixture } from "../../support/ext-fixture.ts";
import { fixtureBytes } from "../../support/fixture.ts";

const SUPERBLOCK = 1024;

function volume(values: Parameters<typeof superblockLayout.encode>[0], sizeBytes = 8 << 20): MemorySource {
  const bytes = new Uint8Array(sizeBytes);
  const plausible = {
    magic: 0xef53,
    revision: 1,
    blockSizeLog: 2,
    clusterSizeLog: 2,
    blocksPerGroup: 32768,
    clustersPerGroup: 32768,
    inodesPerGroup: 512,
    inodeCount: 512,
    inodeBytes: 256,
    blockCountLow: 2048,
    firstFreeInode: 11,
  };
  bytes.set(superblockLayout.encode({ ...plausible, ...values }), SUPERBLOCK);
  return new MemorySource(bytes, "volume");
}

test("the layout has the size of the format", () => expect(superblockLayout.sizeBytes).toBe(1024));

test("offsets are those of the document", () => {
  const offsets = {
    magic: 0x38,
    uuid: 0x68,
    hashSeed: 0xec,
    blockCountHigh: 0x150,
    errorCount: 0x194,
    encoding: 0x27c,
    checksum: 0x3fc,
  };
  for (const [name, offset] of Object.entries(offsets))
    expect([name, superblockLayout.offsetOf(name as "magic")]).toEqual([name, offset]);
});

test("probing takes what is whole and nothing that fits by half", () => {
  expect(driver.probe(volume({}))).toBe(true);
  expect(driver.probe(volume({ magic: 0 }))).toBe(false);
  expect(driver.probe(volume({ inodeCount: 513 }))).toBe(false);
  expect(driver.probe(volume({ inodeBytes: 100 }))).toBe(false);
  expect(driver.probe(volume({ blockSizeLog: 7 }))).toBe(false);
  expect(driver.probe(volume({ blocksPerGroup: 0 }))).toBe(false);
  expect(driver.probe(volume({ incompatibleFeatures: 8 }))).toBe(false);
  expect(driver.probe(new MemorySource(new Uint8Array(2047)))).toBe(false);
  expect(driver.probe(new MemorySource(new Uint8Array(0)))).toBe(false);
});

test.each([
  [{}, "ext2"],
  [{ compatibleFeatures: 0x4 }, "ext3"],
  [{ compatibleFeatures: 0x4, incompatibleFeatures: 0x6, readOnlyFeatures: 0x3 }, "ext3"],
  [{ compatibleFeatures: 0x4, incompatibleFeatures: 0x42 }, "ext4"],
  [{ readOnlyFeatures: 0x10 }, "ext4"],
  [{ revision: 0, firstFreeInode: 0, inodeBytes: 0 }, "ext2"],
])("%o is %s", (values, type) => expect(readSuperblock(volume(values)).type).toBe(type));

test("revision 0 has inodes of 128 bytes, and files from inode 11 on", () => {
  const superblock = readSuperblock(
    volume({ revision: 0, firstFreeInode: 0, inodeBytes: 0, incompatibleFeatures: 0xffff_ffff }),
  );
  expect(superblock).toMatchObject({ inodeBytes: 128, firstFreeInode: 11 });
});

test("a filesystem left in disorder is said to be", () => {
  const state = (change: (image: DataView) => void) =>
    openFixture("ext3-indirect", (bytes) => change(new DataView(bytes.buffer, bytes.byteOffset))).state;
  const field = (name: Parameters<typeof superblockLayout.offsetOf>[0]) => SUPERBLOCK + superblockLayout.offsetOf(name);
  expect(state(() => {})).toMatchObject({ clean: true, warning: undefined });
  expect(state((image) => image.setUint16(field("state"), 0, true)).warning).toMatch(/not unmounted cleanly/);
  expect(state((image) => image.setUint16(field("state"), 3, true)).warning).toMatch(/found errors in it/);
});

test("label, uuid, space and details", () => {
  const fileSystem = openFixture("ext4-kinds");
  expect(fileSystem).toMatchObject({
    type: "ext4",
    label: "",
    uuid: "6f1d2c3b-4a59-4687-9f00-112233445566",
    root: 2,
    foldsCase: false,
    space: { sizeBytes: 4 << 20, allocationUnitBytes: 1024 },
  });
  expect(fileSystem.details).toMatchObject({ blockBytes: 1024, inodeBytes: 512, created: "2009-02-13T23:31:30.000Z" });
  expect(fileSystem.details["features"]).toEqual(expect.arrayContaining(["inline_data", "ea_inode", "metadata_csum"]));
  expect(fileSystem.streams(2)).toEqual([]);
});

test("a truncated image works as far as it goes", () => {
  const whole = fixtureBytes("ext3-indirect");
  const source = new MemorySource(new Uint8Array(whole.subarray(0, 1 << 20)), "half.img");
  const fileSystem = openExt(source);
  expect(fileSystem.state.warning).toMatch(/6291456 bytes long, but ends at byte 1048576: what lies beyond cannot be read/);
  const entry = fileSystem.lookup(fileSystem.root, "all-levels-but-one");
  const content = fileSystem.content(entry?.id ?? 0);
  const kinds = new Set([...(content.extents?.(0, content.sizeBytes) ?? [])].map((extent) => extent.kind));
  expect(kinds).toContain("missing");
});
