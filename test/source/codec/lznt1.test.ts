import { describe, expect, test } from "vitest";
import { lznt1 } from "../../../src/source/codec/lznt1.ts";

function unpack(input: readonly number[] | Uint8Array, length: number): Buffer {
  const into = Buffer.alloc(length, 0xee);
  lznt1([Uint8Array.from(input)], into);
  return into;
}

describe("lznt1", () => {
  test("literals and pairs: a run repeats itself", () => {
    // Flags 0b10: a literal "a", then a pair of distance 1 and length 7.
    expect(unpack([3, 0xb0, 0b10, 0x61, 0x04, 0x00], 16).toString("latin1")).toBe(`aaaaaaaa${"\0".repeat(8)}`);
  });

  test("a stored chunk is copied, what follows the end is zeros", () => {
    expect(unpack([3, 0x30, 1, 2, 3, 4, 0, 0], 8)).toEqual(Buffer.from([1, 2, 3, 4, 0, 0, 0, 0]));
  });

  test("each chunk stands for 4096 bytes, however many it holds", () => {
    const out = unpack([0, 0x30, 7, 0, 0x30, 9], 8192);
    expect([out[0], out[1], out[4096], out[4097]]).toEqual([7, 0, 9, 0]);
  });

  test("input in several parts is one", () => {
    const into = Buffer.alloc(16);
    lznt1([Uint8Array.of(3, 0xb0, 0b10), Uint8Array.of(0x61, 0x04, 0x00)], into);
    expect(into.toString("latin1", 0, 8)).toBe("aaaaaaaa");
  });

  test.each([
    ["a chunk that reaches past the input", [0xff, 0xbf, 0, 1], /lznt1: chunk header 0xbfff, at byte 0/],
    ["a header without its mark", [1, 0x80, 0, 1], /lznt1: chunk header 0x8001/],
    [
      "a pair before the chunk's begin",
      [3, 0xb0, 0b10, 0x61, 0x00, 0x10],
      /pair that begins 2 bytes back, at byte 1 of its chunk/,
    ],
    ["a pair that is cut", [2, 0xb0, 0b10, 0x61, 0x00], /pair cut by the end of its chunk/],
    ["more than the unit holds", [3, 0xb0, 0b10, 0x61, 0xff, 0x0f], /chunk of more than 16 bytes/],
  ] as const)("%s is corrupt", (_, input, message) => {
    expect(() => unpack(input, 16)).toThrow(message);
  });

  test("no input at all is zeros", () => {
    expect(unpack([], 16)).toEqual(Buffer.alloc(16));
  });
});
