import { expect, test } from "vitest";
import { crc16 } from "../../src/bytes/crc16.ts";
import { crc32Msb } from "../../src/bytes/crc32-msb.ts";
import { crc32c } from "../../src/bytes/crc32c.ts";

const check = new TextEncoder().encode("123456789");

test("check values of the catalogue of parametrised CRC algorithms", () => {
  expect((crc32c(check, 0xffffffff) ^ 0xffffffff) >>> 0).toBe(0xe3069283); // CRC-32/ISCSI
  expect(crc32Msb(check, 0xffffffff)).toBe(0x0376e6e7); // CRC-32/MPEG-2
  expect(crc16(check, 0)).toBe(0xbb3d); // CRC-16/ARC
});

test("a CRC-32C in pieces of any length is that of the whole", () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i * 37);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut), 1))).toBe(crc32c(bytes, 1));
  }
});
