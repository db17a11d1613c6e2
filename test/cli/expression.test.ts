import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { moment, sizeTest } from "../../src/cli/expression.ts";
import { isoTime } from "../../src/cli/format/time.ts";

describe("sizes to search for", () => {
  test.each([
    ["+10M", [10_485_761], [10_485_760, 0]],
    ["-4k", [0, 4095], [4096]],
    ["512", [512], [511, 513]],
    ["1b", [512], [1]],
    ["0", [0], [1]],
    ["+2t", [2 ** 42], [2 ** 41]],
  ])("%s", (text, holds, fails) => {
    const test = sizeTest(text);
    expect(holds.map(test)).not.toContain(false);
    expect(fails.map(test)).not.toContain(true);
  });

  test.each(["", "M", "+", "1.5M", "10X", "--1", "99999999999999999T"])("%j is refused", (text) => {
    expect(() => sizeTest(text)).toThrow("expected a size like +10M");
  });
});

describe("moments to search for", () => {
  const now = Date.parse("2024-02-01T12:00:00Z");
  test.each([
    ["2024-01-31", "2024-01-31T00:00:00.000000000Z"],
    ["2024-01-31T10:30", "2024-01-31T10:30:00.000000000Z"],
    ["2024-01-31 10:30:15Z", "2024-01-31T10:30:15.000000000Z"],
    ["2024-01-31T10:30:15+02:00", "2024-01-31T08:30:15.000000000Z"],
    ["2024-01-31T10:30:15.123456789Z", "2024-01-31T10:30:15.123456789Z"],
    ["1902-03-04T05:06:07.5Z", "1902-03-04T05:06:07.500000000Z"],
    ["@1234567890", "2009-02-13T23:31:30.000000000Z"],
    ["@-1", "1969-12-31T23:59:59.000000000Z"],
    ["7d", "2024-01-25T12:00:00.000000000Z"],
    ["90m", "2024-02-01T10:30:00.000000000Z"],
  ])("%s is %s", (text, iso) => expect(isoTime(moment(text, now))).toBe(iso));

  test("a local file stands for its own time", () => {
    const folder = mkdtempSync(join(tmpdir(), "nomount-test-"));
    const stamp = join(folder, "stamp");
    writeFileSync(stamp, "");
    utimesSync(stamp, 0, 1_700_000_000.25);
    expect(isoTime(moment(stamp))).toBe("2023-11-14T22:13:20.250000000Z");
    rmSync(folder, { recursive: true });
    expect(() => moment(stamp)).toThrow("no such local file");
  });

  test.each(["", "yesterday", "2024-13-01", "2024-01-31T25:00", "31.1.2024", "7y"])("%j is refused", (text) => {
    expect(() => moment(text, now)).toThrow("expected a date");
  });
});
