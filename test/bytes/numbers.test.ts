import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { guidText, uuidText } from "../../src/bytes/guid.ts";
import { safeNumber, u64leOrNaN } from "../../src/bytes/int64.ts";

describe("64-bit integers", () => {
  test("as numbers up to 2^53 - 1, and refused above with name and place", () => {
    expect(safeNumber(2n ** 53n - 1n, "size")).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => safeNumber(2n ** 53n, "ext: block count", { label: "p1", offsetBytes: 1024 })).toThrow(
      "ext: block count 0x20000000000000 is out of range: expected below 2^53 (p1, byte 0x400)",
    );
    expect(() => safeNumber(-1n, "size")).toThrow("out of range");
  });

  test("without a bigint: the same number, or NaN where it cannot be exact", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        const view = new DataView(new ArrayBuffer(8));
        view.setBigUint64(0, value, true);
        expect(u64leOrNaN(view, 0)).toBe(value < 2n ** 53n ? Number(value) : Number.NaN);
      }),
    );
  });
});

describe("GUIDs", () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => i * 17);

  test("in the order they lie, and as Microsoft lays them", () => {
    expect(uuidText(bytes)).toBe("00112233-4455-6677-8899-aabbccddeeff");
    expect(guidText(bytes)).toBe("33221100-5544-7766-8899-AABBCCDDEEFF");
  });

  test("an EFI system partition's type as every disk has it", () => {
    const onDisk = Uint8Array.from(Buffer.from("28732ac11ff8d211ba4b00a0c93ec93b", "hex"));
    expect(guidText(onDisk)).toBe("C12A7328-F81F-11D2-BA4B-00A0C93EC93B");
  });
});
