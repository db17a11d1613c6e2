import { describe, expect, test } from "vitest";
import { ByteText } from "../../../src/cli/byte-text.ts";
import { modeString } from "../../../src/cli/format/mode.ts";
import { longSize, plural, shortSize } from "../../../src/cli/format/size.ts";
import { tableLines } from "../../../src/cli/format/table.ts";
import { clock, isoTime, secondsOf, widthOfSeconds, writeSeconds } from "../../../src/cli/format/time.ts";
import { xattrText } from "../../../src/cli/format/xattr.ts";

describe("sizes", () => {
  test.each([
    [0, "0B"],
    [512, "512B"],
    [1023, "1023B"],
    [1024, "1K"],
    [1536, "1.5K"],
    [1_048_575, "1M"],
    [7_340_032, "7M"],
    [57_576_960, "54.9M"],
    [2 ** 40, "1T"],
    [Number.MAX_SAFE_INTEGER, "8P"],
  ])("%i bytes in a column are %s", (bytes, text) => expect(shortSize(bytes)).toBe(text));

  test("in words they keep their unit's name", () => {
    expect([0, 1, 1000, 1536, 7_340_032].map(longSize)).toEqual(["0 bytes", "1 byte", "1000 bytes", "1.5 KiB", "7 MiB"]);
  });

  test("counted nouns", () => {
    expect([plural(1, "directory"), plural(2, "directory"), plural(0, "file")]).toEqual([
      "1 directory",
      "2 directories",
      "0 files",
    ]);
  });
});

describe("times", () => {
  test("keep every nanosecond, before 1970 too", () => {
    expect(isoTime(0n)).toBe("1970-01-01T00:00:00.000000000Z");
    expect(isoTime(-1n)).toBe("1969-12-31T23:59:59.999999999Z");
    expect(isoTime(1_234_567_890_123_456_789n)).toBe("2009-02-13T23:31:30.123456789Z");
  });

  test("reach from the first to the last that ext4 and NTFS hold", () => {
    expect(isoTime(-2_147_483_648n * 1_000_000_000n)).toBe("1901-12-13T20:45:52.000000000Z");
    expect(isoTime(15_032_385_535n * 1_000_000_000n)).toBe("2446-05-10T22:38:55.000000000Z");
    expect(isoTime(-11_644_473_600n * 1_000_000_000n)).toBe("1601-01-01T00:00:00.000000000Z");
    expect(isoTime((2n ** 63n - 1n - 116_444_736_000_000_000n) * 100n)).toBe("+030828-09-14T02:48:05.477580700Z");
  });

  test("to the second for columns, and spans as a clock", () => {
    const text = new ByteText();
    const written = (modifiedNs: bigint) => {
      writeSeconds(text, secondsOf({ modifiedNs }) ?? Number.NaN);
      return new TextDecoder().decode(text.take());
    };
    expect(written(1_234_567_890_999_999_999n)).toBe("2009-02-13T23:31:30Z");
    expect(secondsOf({ modifiedNs: -1n })).toBe(-1);
    for (const year of ["-000001", "0000", "1601", "1969", "9999", "+010000", "+030828"]) {
      for (const time of [`${year}-01-01T00:00:00Z`, `${year}-12-31T23:59:59Z`]) {
        const ns = BigInt(Date.parse(time)) * 1_000_000n;
        expect([written(ns), widthOfSeconds(Number(ns / 1_000_000_000n))]).toEqual([time, time.length]);
      }
    }
    expect([400, 7000, 754_000, 3_723_000].map(clock)).toEqual(["0:00", "0:07", "12:34", "1:02:03"]);
  });
});

describe("modes", () => {
  test.each([
    ["directory", 0o755, "drwxr-xr-x"],
    ["directory", 0o1777, "drwxrwxrwt"],
    ["directory", 0o1776, "drwxrwxrwT"],
    ["file", 0o4755, "-rwsr-xr-x"],
    ["file", 0o6644, "-rwSr-Sr--"],
    ["symlink", 0o777, "lrwxrwxrwx"],
    ["fifo", 0o600, "prw-------"],
    ["socket", 0o600, "srw-------"],
    ["char", 0o620, "crw--w----"],
    ["block", 0o660, "brw-rw----"],
    ["file", undefined, "-?????????"],
  ] as const)("%s %o is %s, as ls -l has it", (kind, mode, text) => expect(modeString(kind, mode)).toBe(text));
});

test("a table is as wide as its widest cells and has nothing after the last", () => {
  const lines = tableLines(
    [
      { title: "Name", align: "left" },
      { title: "Size", align: "right" },
      { title: "Type", align: "left" },
    ],
    [
      ["p1", "512M", "Linux"],
      ["p2/vg/root", "7M", ""],
    ],
  );
  expect(lines).toEqual(["Name        Size  Type", "p1          512M  Linux", "p2/vg/root    7M"]);
});

test("xattr values are text where they are text, else hexadecimal", () => {
  expect(xattrText(Uint8Array.from(Buffer.from("unconfined_u:object_r\0")))).toBe('"unconfined_u:object_r"');
  expect(xattrText(Uint8Array.from(Buffer.from("año")))).toBe('"año"');
  expect(xattrText(Uint8Array.from([1, 0, 0, 2]))).toBe("0x01000002");
  expect(xattrText(Uint8Array.from([0xff, 0x41]))).toBe("0xff41");
  expect(xattrText(new Uint8Array())).toBe('""');
});
