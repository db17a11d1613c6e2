import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NomountError } from "../../../src/error.ts";
import { type ExtractOptions, extract } from "../../../src/extract/extract.ts";
import type { Report } from "../../../src/extract/report.ts";
import { type FolderOptions, FolderSink } from "../../../src/sink/folder/folder-sink.ts";
import { contentOf } from "../../support/content-of-extents.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { FailingSource } from "../../support/failing-source.ts";
import { FakeFileSystem, type FakeNode, folder } from "../../support/fake-file-system.ts";
import { withFreshFolder } from "../../support/mount.ts";
import { selectionOf } from "../../support/selection-of.ts";
import { describeIf, isRoot, toolEnv } from "../../support/tools.ts";

const MIB = 1024 * 1024;

function copy(root: FakeNode, to: string, options: FolderOptions = {}, more: ExtractOptions = {}): Promise<Report> {
  return extract([selectionOf(new FakeFileSystem(root))], new FolderSink(to, options), more);
}

/** Many files, of which each has its own number of bytes. */
function many(count: number): Readonly<Record<string, FakeNode>> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, { content: countedBytes(i + 1) }]));
}

/** What is there is whole: nothing shorter, no temporary names. */
function expectWhole(to: string): number {
  const names = readdirSync(to).filter((name) => /^f\d+$/.test(name));
  expect(readdirSync(to).filter((name) => name.startsWith(".nomount"))).toEqual([]);
  for (const name of names) expect(statSync(join(to, name)).size).toBe(Number(name.slice(1)) + 1);
  return names.length;
}

describe("a part that cannot be read", () => {
  const bytes = countedBytes(2 * MIB);
  const trees = () => ({
    small: { content: new FailingSource(bytes.subarray(0, 4096), { badSectors: [[2, 3]] }) },
    large: {
      content: new FailingSource(bytes, {
        badSectors: [
          [2, 3],
          [100, 102],
        ],
      }),
    },
    cut: {
      content: contentOf([
        { kind: "missing", lengthBytes: 512, fault: { kind: "source", message: "the image ends before it" } },
      ]),
    },
    refused: { contentFault: new NomountError("unsupported", "it is encrypted") },
    good: { content: "good" },
  });

  test("keeps the whole file out, and the rest comes", async () => {
    await withFreshFolder(async (to) => {
      const report = await copy(folder(trees()), to);
      expect(readdirSync(to)).toEqual(["good"]);
      expect(report.failed.map(({ path, fault }) => `${path}: ${fault.message}`).toSorted()).toEqual([
        "cut: 512 bytes cannot be read (0-511): the image ends before it",
        "large: 1536 bytes cannot be read (1024-1535, 51200-52223): EIO (failing, byte 0x400)",
        "refused: it is encrypted",
        "small: 512 bytes cannot be read (1024-1535): EIO (failing, byte 0x400)",
      ]);
    });
  });

  test("leaves zeros in its place when files are to be kept, and is reported all the same", async () => {
    await withFreshFolder(async (to) => {
      const report = await copy(folder(trees()), to, { damaged: "keep" });
      expect(report.failedCount).toBe(4);
      const expected = Buffer.from(bytes);
      expected.fill(0, 1024, 1536);
      expect(readFileSync(join(to, "small")).equals(expected.subarray(0, 4096))).toBe(true);
      expected.fill(0, 51_200, 52_224);
      expect(readFileSync(join(to, "large")).equals(expected)).toBe(true);
      expect(statSync(join(to, "cut")).size).toBe(512);
      expect(existsSync(join(to, "refused"))).toBe(false);
    });
  });

  test("does the same to a file that is written in parts", async () => {
    await withFreshFolder(async (to) => {
      const large = countedBytes(40 * MIB);
      const content = () => new FailingSource(large, { badSectors: [[70_000, 70_001]], namesBadSectors: true });
      const message = "512 bytes cannot be read (35840000-35840511): EIO (failing, byte 0x222e000)";
      const left = await copy(folder({ large: { content: content() } }), to);
      expect(left.failed).toEqual([{ path: "large", fault: { kind: "source", message } }]);
      expect(readdirSync(to)).toEqual([]);
      const kept = await copy(folder({ large: { content: content() } }), to, { damaged: "keep" });
      expect(kept.failed).toEqual([{ path: "large", fault: { kind: "source", message } }]);
      expect(statSync(join(to, "large")).size).toBe(large.length);
    });
  });

  test("attributes that cannot be read are a loss, not a failure", async () => {
    await withFreshFolder(async (to) => {
      const report = await copy(
        folder({ a: { content: "a", xattrFault: new NomountError("corrupt", "ext: inode 5: bad hash") } }),
        to,
      );
      expect(report.copied.file).toBe(1);
      expect(report.losses).toMatchObject([{ facet: "mode" }, { facet: "xattr", why: "ext: inode 5: bad hash", paths: ["a"] }]);
    });
  });
});

describe("a run that ends early", () => {
  test("when the source dies, whichever read finds it so, with no partial file and no open descriptor", async () => {
    const descriptors = readdirSync("/proc/self/fd").length;
    for (let diesAtRead = 1; diesAtRead <= 10; diesAtRead++) {
      await withFreshFolder(async (to) => {
        const disk = new FailingSource(countedBytes(4 * MIB), { diesAtRead });
        const files = Array.from({ length: 10 }, (_, i) => {
          const lengthBytes = 400_000 + i;
          return [
            `f${lengthBytes - 1}`,
            { content: contentOf([{ kind: "data" as const, lengthBytes, source: disk, offsetBytes: i * 400_000 }]) },
          ] as const;
        });
        const report = await copy({ entries: files }, to);
        expect(report.ended).toMatchObject({ kind: "source", message: expect.stringContaining("the device has gone") });
        expect(expectWhole(to)).toBeLessThan(10);
      });
    }
    expect(readdirSync("/proc/self/fd").length).toBe(descriptors);
  });

  test("by its signal, with what is there being whole", async () => {
    await withFreshFolder(async (to) => {
      const controller = new AbortController();
      let done = 0;
      const observer = {
        done: () => {
          done += 1;
          if (done === 300) controller.abort();
        },
      };
      const report = await copy(folder(many(2000)), to, {}, { signal: controller.signal, observer });
      expect(report.ended).toBe("interrupted");
      const found = expectWhole(to);
      expect(found).toBeGreaterThan(200);
      expect(found).toBeLessThan(2000);
      expect(report.copied.file).toBe(found);
    });
  });

  test("before it has begun", async () => {
    await withFreshFolder(async (scratch) => {
      const report = await copy(folder(many(1)), join(scratch, "to"), {}, { signal: AbortSignal.abort() });
      expect(report.ended).toBe("interrupted");
      expect(existsSync(join(scratch, "to"))).toBe(false);
    });
  });

  test("when the destination is a file, or cannot be made", async () => {
    await withFreshFolder(async (scratch) => {
      await copy(folder(many(1)), scratch);
      const onFile = await copy(folder(many(1)), join(scratch, "f0"));
      expect(onFile.ended).toMatchObject({
        kind: "sink",
        message: `${scratch}/f0 cannot be written to: it is there, and no folder`,
      });
      const below = await copy(folder(many(1)), join(scratch, "f0/below"));
      expect(below.ended).toMatchObject({ kind: "sink" });
    });
  });

  test.skipIf(!existsSync("/proc/self"))("when no folder can ever be made there, as in /proc [needs /proc]", async () => {
    const { ended } = await copy(folder(many(1)), "/proc/nowhere/deeper");
    expect(ended).toMatchObject({
      kind: "sink",
      message: expect.stringContaining("/proc/nowhere/deeper cannot be written to"),
    });
  });
});

describeIf(isRoot, "root is needed", "a full disk", () => {
  test.each([
    ["many small files", () => folder(many(3000))],
    ["a file of some MiB", () => folder({ f8388607: { content: countedBytes(8 * MIB) } })],
    ["a file that is written in parts", () => folder({ f41943039: { content: countedBytes(40 * MIB) } })],
  ])("%s: ends the run, and takes away what is not whole", async (_, root) => {
    await withFreshFolder(async (scratch) => {
      const to = join(scratch, "small");
      mkdirSync(to);
      const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m,nr_inodes=10000", "tmpfs", to], { env: toolEnv() });
      expect(mounted.status).toBe(0);
      try {
        const report = await copy(root(), to);
        expect(report.ended).toMatchObject({ kind: "sink", message: "the destination is full (ENOSPC)" });
        expectWhole(to);
      } finally {
        spawnSync("umount", [to], { env: toolEnv() });
      }
    });
  });
});
