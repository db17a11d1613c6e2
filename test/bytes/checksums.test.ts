import { describe, expect, test } from "vitest";
import { crc32, crc32Raw } from "../../src/bytes/crc32.ts";

const check = new TextEncoder().encode("123456789");

describe("crc32", () => {
  test("of the check string of the catalogue of CRCs", () => {
    expect(crc32(check)).toBe(0xcbf43926);
  });

  test("of nothing, and of zeros", () => {
    expect(crc32(new Uint8Array())).toBe(0);
    expect(crc32(new Uint8Array(32))).toBe(0x190a55ad);
  });

  test("raw: goes on where it stopped, and starts where LVM2 starts", () => {
    const half = crc32Raw(check.subarray(0, 4), 0xffffffff);
    expect(crc32Raw(check.subarray(4), half)).toBe(~0xcbf43926 >>> 0);
    expect(crc32Raw(check, 0xf597a6cf)).toBeGreaterThanOrEqual(0);
  });
});
