import { expect, test } from "vitest";
import { parseNode } from "../../../src/filesystem/ext/inode.ts";
import { inodeExtraLayout, inodeLayout } from "../../../src/filesystem/ext/layout.ts";

const SECOND = 1_000_000_000n;
const FORM = { inodeBytes: 256, largeDirectories: false };

type Base = Parameters<typeof inodeLayout.encode>[0];
type Extra = Parameters<typeof inodeExtraLayout.encode>[0];

function node(base: Base, extra: Extra = {}, form = FORM) {
  const bytes = new Uint8Array(3 * 256);
  const offset = 256;
  bytes.set(inodeLayout.encode(base), offset);
  if (form.inodeBytes > 128) bytes.set(inodeExtraLayout.encode({ extraBytes: 32, ...extra }), offset + 128);
  return parseNode(7, new DataView(bytes.buffer), offset, form);
}

test("layouts have the sizes of the format", () => {
  expect([inodeLayout.sizeBytes, inodeExtraLayout.sizeBytes]).toEqual([128, 32]);
});

test.each([
  [0x1, "fifo"],
  [0x2, "char"],
  [0x4, "directory"],
  [0x6, "block"],
  [0x8, "file"],
  [0xa, "symlink"],
  [0xc, "socket"],
  [0x0, "other"],
  [0xf, "other"],
])("type %i is %s", (type, kind) => {
  expect(node({ mode: (type << 12) | 0o4751 })).toMatchObject({ id: 7, kind, mode: 0o4751 });
});

test("seconds are signed, and two bits of the extra field extend them to 2446", () => {
  const at = (seconds: number, extra: number) => node({ modifiedAt: seconds >>> 0 }, { modifiedAtExtra: extra }).modifiedNs;
  expect(at(-1, (999_999_999 << 2) >>> 0)).toBe(-SECOND + 999_999_999n);
  expect(at(-2_147_483_648, 0)).toBe(-2_147_483_648n * SECOND);
  expect(at(-2_147_483_648, 1)).toBe(2_147_483_648n * SECOND);
  expect(at(2_147_483_647, 3)).toBe(15_032_385_535n * SECOND);
});

test("without an extension there are whole seconds and no time of creation", () => {
  const small = node({ modifiedAt: 5 }, {}, { inodeBytes: 128, largeDirectories: false });
  expect(small).toMatchObject({ modifiedNs: 5n * SECOND, createdNs: undefined });
});

test("a field of the extension counts only if its writer knew it", () => {
  const extra = { changedAtExtra: 4, modifiedAtExtra: 8, createdAt: 9, createdAtExtra: 12 };
  expect(node({ modifiedAt: 1 }, { ...extra, extraBytes: 32 })).toMatchObject({
    modifiedNs: SECOND + 2n,
    createdNs: 9n * SECOND + 3n,
  });
  expect(node({ modifiedAt: 1, changedAt: 1 }, { ...extra, extraBytes: 8 })).toMatchObject({
    changedNs: SECOND + 1n,
    modifiedNs: SECOND,
    createdNs: undefined,
  });
  expect(node({ modifiedAt: 1 }, { ...extra, extraBytes: 20 }).createdNs).toBe(9n * SECOND);
  expect(node({ modifiedAt: 1 }, { ...extra, extraBytes: 0 })).toMatchObject({ modifiedNs: SECOND, createdNs: undefined });
});

test("owners have 32 bits", () => {
  expect(node({ uidLow: 1, uidHigh: 0xffff, gidLow: 0xffff, gidHigh: 0x8000 })).toMatchObject({
    uid: 0xffff_0001,
    gid: 0x8000_ffff,
  });
});

test("device numbers lie in the old form or in the new", () => {
  const device = (mode: number, ...words: number[]) => {
    const block = new Uint8Array(60);
    new Uint32Array(block.buffer).set(words);
    return node({ mode, block }).device;
  };
  expect(device(0x2000, 0x0440)).toEqual({ major: 4, minor: 64 });
  expect(device(0x6000, 0, 0x1234_5678)).toEqual({ major: 0x456, minor: 0x1_2378 });
  expect(device(0x6000, 0, 0xffff_ffff)).toEqual({ major: 0xfff, minor: 0xf_ffff });
  expect(device(0x8000, 0x0440)).toBeUndefined();
});

test("a directory has an upper half of its size only with large_dir", () => {
  const size = { sizeLow: 4096, sizeHigh: 2 };
  expect(node({ mode: 0x4000, ...size }).sizeBytes).toBe(4096);
  expect(node({ mode: 0x4000, ...size }, {}, { inodeBytes: 256, largeDirectories: true }).sizeBytes).toBe(2 * 2 ** 32 + 4096);
  expect(node({ mode: 0x8000, ...size }).sizeBytes).toBe(2 * 2 ** 32 + 4096);
  expect(node({ mode: 0x1000, ...size }).sizeBytes).toBe(0);
});

test("flags by their names", () => {
  expect(node({ flags: 0x8_0030 }).flags).toEqual(["immutable", "append", "extents"]);
  expect(node({ flags: 0x4000_0800 }).flags).toEqual(["encrypted", "casefold"]);
});
