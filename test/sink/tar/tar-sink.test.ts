import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { NomountError } from "../../../src/error.ts";
import { extract } from "../../../src/extract/extract.ts";
import type { Report } from "../../../src/extract/report.ts";
import { type TarOptions, TarSink } from "../../../src/sink/tar/tar-sink.ts";
import type { Extent } from "../../../src/source/block-source.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { compareManifests, describeDifferences } from "../../support/compare-manifests.ts";
import { contentOf } from "../../support/content-of-extents.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { everything } from "../../support/everything.ts";
import { FailingSource } from "../../support/failing-source.ts";
import { FakeFileSystem, type FakeNode, folder as folderOf } from "../../support/fake-file-system.ts";
import { type Manifest, manifestOf } from "../../support/manifest.ts";
import { manifestOfFileSystem } from "../../support/manifest-of-file-system.ts";
import { withFreshFolder } from "../../support/mount.ts";
import { selectionOf } from "../../support/selection-of.ts";
import { describeIf, describeWith, has, isRoot, toolEnv } from "../../support/tools.ts";

async function tarTo(file: string, root: FakeNode, options: TarOptions = {}): Promise<Report> {
  const out = createWriteStream(file);
  const report = await extract([selectionOf(new FakeFileSystem(root))], new TarSink(out, options));
  await new Promise((resolve) => out.end(resolve));
  return report;
}

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { env: toolEnv(), encoding: "utf8" });
  expect({ command, args, status, stderr: status === 0 ? "" : stderr }).toMatchObject({ status: 0 });
  return stdout + stderr;
}

/** Neither of them restores times of access. */
function expectSame(expected: Manifest, found: Manifest, without: readonly string[] = []): void {
  const differences = compareManifests(expected, found, {
    ignore: ["accessedNs"],
    without: ({ path }) => without.includes(path),
  });
  expect(differences.length, describeDifferences(differences)).toBe(0);
}

const canRestore = isRoot && has("tar", "bsdtar", "getfattr");
describeIf(canRestore, "root, GNU tar, bsdtar and getfattr are needed", "a tar of everything", () => {
  test("is unpacked whole by GNU tar, without a warning but those of old times", async () => {
    await withFreshFolder(async (folder) => {
      const report = await tarTo(join(folder, "all.tar"), everything());
      expect(report).toMatchObject({ failedCount: 0, losses: [], ended: undefined });
      const top = join(folder, "out");
      mkdirSync(top);
      const said = run(
        "tar",
        "-xpf",
        join(folder, "all.tar"),
        "-C",
        top,
        "--numeric-owner",
        "--xattrs",
        "--xattrs-include=*",
        "--acls",
      );
      const warnings = said.split("\n").filter((line) => line !== "" && !/implausibly old|in the future|hdrcharset/.test(line));
      expect(warnings).toEqual([]);
      expectSame(manifestOfFileSystem(new FakeFileSystem(everything())), await manifestOf(top));
      expect(statSync(join(top, "holey")).blocks).toBeLessThan(64);
    });
  });

  test("is unpacked whole by bsdtar", async () => {
    await withFreshFolder(async (folder) => {
      await tarTo(join(folder, "all.tar"), everything());
      const top = join(folder, "out");
      mkdirSync(top);
      run("bsdtar", "-xpf", join(folder, "all.tar"), "-C", top, "--numeric-owner", "--acls", "--xattrs");
      // bsdtar writes into its own folder after it has set its time.
      expectSame(manifestOfFileSystem(new FakeFileSystem(everything())), await manifestOf(top), [""]);
    });
  });
});

describeWith(["bsdtar"], "with the additions of libarchive", () => {
  test("flags are read by bsdtar", async () => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.tar");
      await tarTo(file, folderOf({ a: { content: "", flags: ["immutable", "nodump"], createdNs: 5n } }), { libarchive: true });
      expect(run("bsdtar", "-cf", "-", "--format=mtree", "--options=mtree:!all,mtree:flags", `@${file}`)).toContain(
        "flags=schg,nodump",
      );
    });
  });
});

describe("a tar stream", () => {
  test("is the same each time, ends with two empty blocks, and fills its last record", async () => {
    await withFreshFolder(async (folder) => {
      await tarTo(join(folder, "1.tar"), everything());
      await tarTo(join(folder, "2.tar"), everything());
      const bytes = readFileSync(join(folder, "1.tar"));
      expect(bytes.equals(readFileSync(join(folder, "2.tar")))).toBe(true);
      expect(bytes.length % 10_240).toBe(0);
      expect(bytes.subarray(-1024).every((byte) => byte === 0)).toBe(true);
    });
  });

  test("says what it cannot have: sockets, unknown kinds, and, unless asked, what GNU tar warns of", async () => {
    await withFreshFolder(async (folder) => {
      const strange: FakeNode = { kind: "other", createdNs: 1n, flags: ["immutable"] };
      const root = folderOf({
        s: { kind: "socket" },
        o: strange,
        f: { content: "", createdNs: 1n, flags: ["immutable", "extents"] },
      });
      const report = await tarTo(join(folder, "a.tar"), root);
      expect(report.copied).toMatchObject({ file: 1, socket: 0, other: 0 });
      expect(report.failed).toEqual([
        { path: "o", fault: { kind: "unsupported", message: "its kind is none that a tar can have" } },
      ]);
      expect(report.losses.map(({ facet, omitted, paths }) => ({ facet, omitted, paths }))).toEqual([
        { facet: "socket", omitted: true, paths: ["s"] },
        { facet: "created", omitted: false, paths: ["f"] },
        { facet: "flags", omitted: false, paths: ["f"] },
      ]);
    });
  });

  test("holds a terabyte of hole in a moment", async () => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.tar");
      await tarTo(file, folderOf({ big: { content: contentOf([{ kind: "hole", lengthBytes: 2 ** 40 }]) } }));
      expect(statSync(file).size).toBe(10_240);
      if (has("tar")) expect(run("tar", "-tvf", file)).toContain(` ${2 ** 40} `);
    });
  });

  test("maps a file of more extents than are kept", async () => {
    await withFreshFolder(async (folder) => {
      const disk = new MemorySource(countedBytes(65_536));
      const extents: Extent[] = Array.from({ length: 20_000 }, (_, i) =>
        i % 2 === 0
          ? { kind: "hole", lengthBytes: 4096 }
          : { kind: "data", lengthBytes: 512, source: disk, offsetBytes: (i % 64) * 512 },
      );
      const content = contentOf(extents);
      const file = join(folder, "a.tar");
      expect((await tarTo(file, folderOf({ many: { content } }))).failed).toEqual([]);
      if (!has("tar")) return;
      run("tar", "-xf", file, "-C", folder);
      const expected = new Uint8Array(content.sizeBytes);
      content.readSync(expected, 0);
      expect(readFileSync(join(folder, "many")).equals(expected)).toBe(true);
    });
  });

  test("has zeros for what cannot be read, and says which bytes", async () => {
    await withFreshFolder(async (folder) => {
      const bytes = countedBytes(2 * 1024 * 1024);
      const bad = new FailingSource(bytes, {
        badSectors: [
          [1, 2],
          [7, 8],
          [4000, 4002],
        ],
      });
      const missing = contentOf([
        { kind: "data", lengthBytes: 512, source: new MemorySource(bytes), offsetBytes: 0 },
        { kind: "missing", lengthBytes: 1000, fault: { kind: "source", message: "the image ends before it" } },
      ]);
      const root = folderOf({
        before: { content: "1" },
        bad: { content: bad },
        cut: { content: missing },
        after: { content: "2" },
      });
      const file = join(folder, "a.tar");
      const report = await tarTo(file, root);
      expect(report.copied.file).toBe(2);
      expect(report.failed.map(({ path, fault }) => `${path}: ${fault.message}`)).toEqual([
        "bad: 2048 bytes cannot be read (512-1023, 3584-4095, 2048000-2049023): EIO (failing, byte 0x200); zeros stand in their place",
        "cut: 1000 bytes cannot be read (512-1511): the image ends before it; zeros stand in their place",
      ]);
      if (!has("tar")) return;
      run("tar", "-xf", file, "-C", folder);
      const expected = Buffer.from(bytes);
      for (const [start, end] of [
        [512, 1024],
        [3584, 4096],
        [2_048_000, 2_049_024],
      ])
        expected.fill(0, start, end);
      expect(readFileSync(join(folder, "bad")).equals(expected)).toBe(true);
      expect(readFileSync(join(folder, "after"), "utf8")).toBe("2");
    });
  });

  test("a content that is refused is its line, and the rest follows", async () => {
    await withFreshFolder(async (folder) => {
      const contentFault = new NomountError("unsupported", "ext: inode 12: its content is encrypted");
      const report = await tarTo(join(folder, "a.tar"), folderOf({ a: { contentFault }, b: { content: "b" } }));
      expect(report.failed).toEqual([{ path: "a", fault: { kind: "unsupported", message: contentFault.message } }]);
      expect(report.copied.file).toBe(1);
    });
  });
});

describe("the end of a stream", () => {
  const LARGE = { content: countedBytes(16 * 1024 * 1024) };

  test("a full disk", async () => {
    const out = createWriteStream("/dev/full");
    const report = await extract([selectionOf(new FakeFileSystem(folderOf({ LARGE })))], new TarSink(out));
    expect(report.ended).toEqual({ kind: "sink", code: "ENOSPC", message: "tar: the destination is full (ENOSPC)" });
  });

  test("a reader that has gone", async () => {
    const reader = spawn("sh", ["-c", "head -c 100 > /dev/null"], { stdio: ["pipe", "ignore", "ignore"] });
    const report = await extract(
      [selectionOf(new FakeFileSystem(folderOf({ LARGE, again: LARGE })))],
      new TarSink(reader.stdin),
    );
    expect(report.ended).toMatchObject({ kind: "sink", code: "EPIPE" });
  });

  test("a reader that has stopped holds a few MiB, and an abort ends the wait", async () => {
    const disk = new FailingSource(countedBytes(16 * 1024 * 1024));
    const root = folderOf(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`f${i}`, { content: disk }])));
    const stalled = new Writable({ write: () => undefined });
    const controller = new AbortController();
    const running = extract([selectionOf(new FakeFileSystem(root))], new TarSink(stalled), { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(disk.lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(5 * 1024 * 1024);
    controller.abort();
    expect(await running).toMatchObject({ ended: "interrupted", copied: { file: 0 } });
  });

  test("whichever read finds the source dead, the run ends with its word", async () => {
    for (let diesAtRead = 1; diesAtRead <= 6; diesAtRead++) {
      const disk = new FailingSource(countedBytes(4 * 1024 * 1024), { diesAtRead });
      const out = new Writable({ write: (_chunk, _encoding, done) => done() });
      const report = await extract([selectionOf(new FakeFileSystem(folderOf({ a: { content: disk } })))], new TarSink(out));
      expect(report.ended).toMatchObject(diesAtRead <= 5 ? { kind: "source" } : {});
      expect(disk.inFlight).toBe(0);
    }
  });
});
