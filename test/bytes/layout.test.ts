import { describe, expect, test } from "vitest";
import { blob, s8, s32le, s64le, struct, u8, u16be, u16le, u32be, u32le, u64be, u64le } from "../../src/bytes/layout.ts";
import { NomountError } from "../../src/error.ts";

const every = struct("test record", {
  a: u8(),
  b: s8(),
  c: u16le(),
  d: u16be(),
  e: u32le(),
  f: u32be(),
  g: s32le(),
  h: u64le(),
  i: s64le(),
  j: u64be(),
  k: blob(5),
});

const values = {
  a: 0xfe,
  b: -2,
  c: 0x1234,
  d: 0x5678,
  e: 0xfffffffe,
  f: 0x12345678,
  g: -3,
  h: 0xfffffffffffffffen,
  i: -(2n ** 63n),
  j: 0x0123456789abcdefn,
  k: Uint8Array.of(1, 2, 3, 4, 5),
};

describe("struct", () => {
  test("lays fields out one after the other, in the order of bytes that each has", () => {
    expect(every.sizeBytes).toBe(1 + 1 + 2 + 2 + 4 + 4 + 4 + 8 + 8 + 8 + 5);
    expect(every.offsetOf("e")).toBe(6);
    expect(every.offsetOf("k")).toBe(42);
    expect(Buffer.from(every.encode(values)).toString("hex")).toBe(
      "fefe34125678feffffff12345678fdfffffffeffffffffffffff00000000000000800123456789abcdef0102030405",
    );
  });

  test("a view reads what encode wrote, 64-bit fields to the last unit", () => {
    const view = every.view(every.encode(values));
    expect({ ...Object.fromEntries(Object.keys(values).map((key) => [key, Reflect.get(view, key)])) }).toEqual(values);
  });

  test("a view lies at its offset in whatever bytes it is given", () => {
    const bytes = new Uint8Array(100);
    const window = new Uint8Array(bytes.buffer, 20, 60);
    window.set(every.encode(values), 7);
    expect(every.view(window, 7).h).toBe(values.h);
    expect(every.view(new DataView(bytes.buffer), 27).j).toBe(values.j);
  });

  test("a view is alive: it shows the bytes as they are now, and a blob is a window on them", () => {
    const bytes = every.encode(values);
    const view = every.view(bytes);
    bytes[0] = 7;
    bytes[42] = 9;
    expect(view.a).toBe(7);
    expect(view.k[0]).toBe(9);
  });

  test("fields that are not given are zero; a blob that is too long is refused", () => {
    expect(every.encode({}).every((byte) => byte === 0)).toBe(true);
    expect(() => every.encode({ k: new Uint8Array(6) })).toThrow(RangeError);
  });

  test.each([
    [-1, 100],
    [54, 100],
    [0, 46],
    [Number.NaN, 100],
    [2 ** 40, 100],
  ])("a view at %d of %d bytes is refused with the structure's name", (offsetBytes, lengthBytes) => {
    expect(() => every.view(new Uint8Array(lengthBytes), offsetBytes, { label: "disk.img", offsetBytes: 512 })).toThrow(
      expect.objectContaining({
        kind: "corrupt",
        message: expect.stringMatching(/^test record at offset .* needs 47 bytes, found \S+ \(disk.img, byte 0x200\)$/),
      }),
    );
  });

  test("works where there is no Buffer", () => {
    const saved = globalThis.Buffer;
    try {
      Reflect.deleteProperty(globalThis, "Buffer");
      const made = struct("made without Buffer", { first: u32le(), second: u64be() });
      expect(made.view(made.encode({ first: 1, second: 2n })).second).toBe(2n);
    } finally {
      globalThis.Buffer = saved;
    }
  });
});

test("the error of a view that does not fit is a NomountError", () => {
  expect(() => every.view(new Uint8Array(3))).toThrow(NomountError);
});
