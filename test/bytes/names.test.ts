import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  nameForDisplay,
  nameFromBytes,
  nameFromDisplay,
  nameFromUtf16le,
  nameToBytes,
  nameToUtf16,
} from "../../src/bytes/names.ts";

const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utf16le = (units: readonly number[]): Uint8Array => Uint8Array.from(units.flatMap((unit) => [unit & 0xff, unit >> 8]));

describe("names from bytes", () => {
  test("any bytes come back as they were", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(nameToBytes(nameFromBytes(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  test("every pair of bytes comes back, and different bytes make different names", () => {
    const names = new Set<string>();
    for (let a = 0; a < 256; a++) {
      for (let b = 0; b < 256; b++) {
        const name = nameFromBytes(bytesOf(a, b));
        names.add(name);
        const back = nameToBytes(name);
        if (back.length !== 2 || back[0] !== a || back[1] !== b) expect.fail(`${a} ${b} came back as ${back}`);
      }
    }
    expect(names.size).toBe(65_536);
  });

  test("what is UTF-8 reads as it is, a byte order mark included", () => {
    const text = "\ufeffgrün 日本 😀 \u0000\u007f";
    expect(nameFromBytes(new TextEncoder().encode(text))).toBe(text);
  });

  test.each([
    ["a lone continuation", [0x80], "\udc80"],
    ["a cut sequence", [0x61, 0xe2, 0x82], "a\udce2\udc82"],
    ["an overlong slash", [0xc0, 0xaf], "\udcc0\udcaf"],
    ["a surrogate", [0xed, 0xa0, 0x80], "\udced\udca0\udc80"],
    ["beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80], "\udcf4\udc90\udc80\udc80"],
    ["Latin-1 among UTF-8", [0xe9, 0x20, 0xc3, 0xa9], "\udce9 é"],
  ])("%s is escaped byte by byte", (_, bytes, name) => {
    expect(nameFromBytes(bytesOf(...bytes))).toBe(name);
  });
});

describe("names from UTF-16", () => {
  test("any units come back as they were", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 }), (units) => {
        const back = nameToUtf16(nameFromUtf16le(utf16le(units)));
        expect(Array.from({ length: back?.length ?? -1 }, (_, i) => back?.charCodeAt(i))).toEqual(units);
      }),
      { numRuns: 300 },
    );
  });

  test("a lone surrogate has bytes of its own, which a tar or a folder can hold", () => {
    const name = nameFromUtf16le(utf16le([0x61, 0xd800, 0x62]));
    expect(nameToBytes(name)).toEqual(bytesOf(0x61, 0xed, 0xa0, 0x80, 0x62));
    expect(nameFromBytes(nameToBytes(name))).toBe(name);
  });

  test("bytes that are no UTF-8 have no units", () => {
    expect(nameToUtf16(nameFromBytes(bytesOf(0xff)))).toBeUndefined();
    expect(nameToUtf16(nameFromBytes(bytesOf(0xed, 0xa0)))).toBeUndefined();
  });

  test("an odd last byte is left out", () => {
    expect(nameFromUtf16le(bytesOf(0x61, 0x00, 0x62))).toBe("a");
  });
});

describe("names for display", () => {
  test("are taken back exactly, whatever the name", () => {
    const awkward = fc.constantFrom(
      "\\",
      "\n",
      "\u009b",
      "\u202e",
      "\udcff",
      "\udc80",
      "\ud800",
      "x",
      "!",
      ":",
      "u0041",
      "é",
      "😀",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(awkward, fc.string()), { maxLength: 8 }), (parts) => {
        const name = parts.join("");
        expect(nameFromDisplay(nameForDisplay(name))).toBe(name);
      }),
      { numRuns: 500 },
    );
  });

  test("nothing in them acts on a terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(nameForDisplay(name)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        expect(nameForDisplay(name).isWellFormed()).toBe(true);
      }),
    );
    expect(nameForDisplay("a\nb\u001b[31m\\\udcff\u0085\u202e")).toBe("a\\nb\\x1b[31m\\\\\\xff\\u0085\\u202e");
  });

  test("a backslash before anything else stays one", () => {
    expect(nameFromDisplay("a\\b \\x2g \\! \\: \\\\")).toBe("a\\b \\x2g ! : \\");
  });
});
