import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Output } from "../../src/cli/output.ts";
import { pour } from "../../src/cli/pour.ts";
import type { BlockSource, Extent } from "../../src/source/block-source.ts";
import { FileSource } from "../../src/source/file/file-source.ts";
import { contentOf } from "../support/content-of-extents.ts";
import { countedBytes } from "../support/counted-bytes.ts";

const MIB = 1024 * 1024;
const disk = countedBytes(24 * MIB);
let folder: string;
let source: FileSource;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nomount-test-"));
  writeFileSync(join(folder, "disk"), disk);
  // It claims more than it has, as a device does that has shrunk.
  source = new FileSource("disk", [{ fd: openSync(join(folder, "disk"), "r"), sizeBytes: 32 * MIB }]);
});
afterEach(() => {
  source.close();
  rmSync(folder, { recursive: true });
});

/** What arrives, after a word that was still waiting to be written, and what each step said it has brought. */
async function poured(content: BlockSource, flags = "w"): Promise<{ written: Buffer; told: number; error: unknown }> {
  const out = join(folder, "out");
  const fd = openSync(out, flags);
  const output = new Output(fd, false);
  output.text("first\n");
  let told = 0;
  let error: unknown;
  try {
    for await (const bytes of pour(content, output)) told += bytes;
  } catch (thrown) {
    error = thrown;
  }
  closeSync(fd);
  const bytes = readFileSync(out);
  expect(bytes.subarray(0, 6).toString()).toBe("first\n");
  return { written: bytes.subarray(6), told, error };
}

const data = (offsetBytes: number, lengthBytes: number): Extent => ({ kind: "data", source, offsetBytes, lengthBytes });

test.each(["w", "a"])("long and short extents, holes and inline bytes come in order (opened with %s)", async (flags) => {
  const content = contentOf([
    data(12_345, 9 * MIB + 1),
    { kind: "hole", lengthBytes: 100_000 },
    data(7, 4096),
    { kind: "inline", lengthBytes: 3, bytes: Buffer.from("abc") },
    data(20 * MIB, 64 * 1024),
    data(3 * MIB, 70_001),
    { kind: "hole", lengthBytes: 5 },
  ]);
  const { written, told, error } = await poured(content, flags);
  const parts = [
    disk.subarray(12_345, 12_345 + 9 * MIB + 1),
    Buffer.alloc(100_000),
    disk.subarray(7, 7 + 4096),
    Buffer.from("abc"),
    disk.subarray(20 * MIB, 20 * MIB + 64 * 1024),
    disk.subarray(3 * MIB, 3 * MIB + 70_001),
    Buffer.alloc(5),
  ];
  expect(error).toBeUndefined();
  expect(written.equals(Buffer.concat(parts))).toBe(true);
  expect(told).toBe(content.sizeBytes);
});

test("what ends inside a long extent ends there, with the place", async () => {
  const { written, told, error } = await poured(contentOf([data(0, 4096), data(14 * MIB, 12 * MIB)]));
  expect(String(error)).toContain(`lost from byte ${4096 + 10 * MIB} on: the source ends here`);
  expect(written.equals(Buffer.concat([disk.subarray(0, 4096), disk.subarray(14 * MIB)]))).toBe(true);
  expect(told).toBe(4096 + 10 * MIB);
});
