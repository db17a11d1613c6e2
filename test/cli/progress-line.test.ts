import { expect, test } from "vitest";
import { progressText } from "../../src/cli/progress-line.ts";

const GIB = 2 ** 30;

test("with the whole known: bar, bytes, files, rate, time left", () => {
  const text = progressText({ doneBytes: 1.2 * GIB, doneFiles: 12_345, totalBytes: 4.6 * GIB }, 4000);
  expect(text).toMatchInlineSnapshot(`"[####............] 26%  1.2G of 4.6G, 12345 files, 307.2M/s, 0:11 left"`);
});

test("with the whole unknown: no bar and no time left", () => {
  expect(progressText({ doneBytes: 1536, doneFiles: 1, totalBytes: undefined }, 1000)).toMatchInlineSnapshot(
    `"1.5K, 1 file, 1.5K/s"`,
  );
});

test("at its longest it fits a terminal of 80 columns", () => {
  const text = progressText({ doneBytes: 999.9 * GIB, doneFiles: 9_999_999, totalBytes: 1023.9 * GIB }, 3_600_000);
  expect(text.length).toBeLessThanOrEqual(79);
});

test("an empty whole is done, and nothing done yet promises no end", () => {
  expect(progressText({ doneBytes: 0, doneFiles: 0, totalBytes: 0 }, 0)).toMatchInlineSnapshot(
    `"[################] 100%  0B of 0B, 0 files, 0B/s"`,
  );
  expect(progressText({ doneBytes: 0, doneFiles: 0, totalBytes: 1024 }, 1000)).toMatchInlineSnapshot(
    `"[................] 0%  0B of 1K, 0 files, 0B/s"`,
  );
});

test("large files on their way are named as far as there is room", () => {
  const at = { doneBytes: GIB, doneFiles: 1, totalBytes: 4 * GIB };
  expect(progressText({ ...at, inFlight: ["vm/a.img"] }, 1000)).toMatch(/ left, a\.img$/);
  const text = progressText({ ...at, inFlight: [`vm/${"n".repeat(99)}`, "b"] }, 1000);
  expect(text).toMatch(/, n+\.\.\. and 1 more$/);
  expect(text.length).toBe(79);
});
