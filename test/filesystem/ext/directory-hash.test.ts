import { expect, test } from "vitest";
import { directoryHash } from "../../../src/filesystem/ext/directory-hash.ts";

const NO_SEED = new Uint8Array(16);
const SEED = Uint8Array.from(Buffer.from("0f1e2d3c4b5a46978877665544332211", "hex"));
const [LEGACY, HALF_MD4, TEA] = [0, 1, 2];

/** What `debugfs -R "dx_hash -h VERSION [-s SEED] NAME"` of e2fsprogs 1.47.0 prints, on a machine with signed characters. */
const recorded = [
  [LEGACY, NO_SEED, "a", 0xe74b53e2, 0],
  [LEGACY, NO_SEED, "name-of-some-length", 0xf3967abc, 0],
  [LEGACY, NO_SEED, "é".repeat(20), 0x0baeb3e4, 0],
  [LEGACY, NO_SEED, "x".repeat(200), 0x710819b2, 0],
  [HALF_MD4, NO_SEED, "a", 0xd5fa7d7a, 0xacb48187],
  [HALF_MD4, SEED, "a", 0x6afc8424, 0x41c0a25f],
  [HALF_MD4, NO_SEED, "exactly-32-bytes-long-name-123456", 0x6a069994, 0x6cadeed4],
  [HALF_MD4, SEED, "name-of-some-length", 0x6752e596, 0x2e10b9df],
  [HALF_MD4, NO_SEED, "é".repeat(20), 0xffa8fc22, 0x214b6822],
  [HALF_MD4, NO_SEED, "x".repeat(200), 0x33c0dad8, 0xe195b5cc],
  [TEA, NO_SEED, "a", 0x6d0ea4c0, 0xc18922df],
  [TEA, SEED, "a", 0x48e0e9a0, 0x0b71d2dd],
  [TEA, NO_SEED, "é".repeat(20), 0xd680beec, 0xa4ce6e4d],
  [TEA, NO_SEED, "x".repeat(200), 0xff02471e, 0x9d703638],
] as const;

test.each(recorded)("version %i, seed %o, %s", (version, seed, name, hash, minorHash) => {
  expect(directoryHash(version, seed, false)?.(new TextEncoder().encode(name))).toEqual([hash, minorHash]);
});

test("bytes above 0x7f count otherwise where characters are unsigned; of ASCII nothing changes", () => {
  const [plain, high] = ["plain", "é"].map((name) => new TextEncoder().encode(name)) as [Uint8Array, Uint8Array];
  for (const version of [LEGACY, HALF_MD4, TEA]) {
    const [signed, unsigned] = [directoryHash(version, SEED, false), directoryHash(version, SEED, true)];
    expect(unsigned?.(plain)).toEqual(signed?.(plain));
    expect(unsigned?.(high)).not.toEqual(signed?.(high));
    expect(directoryHash(version + 3, SEED, false)?.(high)).toEqual(unsigned?.(high));
  }
});

test("a hash that is not made of the name alone is not computed", () => {
  expect(directoryHash(6, SEED, false)).toBeUndefined();
});
