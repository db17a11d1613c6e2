import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { nameFromBytes } from "../../../src/bytes/names.ts";
import { extract } from "../../../src/extract/extract.ts";
import type { Report } from "../../../src/extract/report.ts";
import type { SinkEvents } from "../../../src/sink/sink.ts";
import { ZipSink } from "../../../src/sink/zip/zip-sink.ts";
import { compareManifests, type Difference, describeDifferences } from "../../support/compare-manifests.ts";
import { contentOf } from "../../support/content-of-extents.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { everything } from "../../support/everything.ts";
import { FailingSource } from "../../support/failing-source.ts";
import { FakeFileSystem, type FakeNode, folder as folderOf, link } from "../../support/fake-file-system.ts";
import { manifestOf } from "../../support/manifest.ts";
import { manifestOfFileSystem } from "../../support/manifest-of-file-system.ts";
import { withFreshFolder } from "../../support/mount.ts";
import { selectionOf } from "../../support/selection-of.ts";
import { describeIf, describeWith, has, isRoot, toolEnv } from "../../support/tools.ts";

const MIB = 1024 * 1024;

async function zipTo(file: string, root: FakeNode, observer: Partial<SinkEvents> = {}): Promise<Report> {
  const out = createWriteStream(file);
  const wishes = { digests: true };
  const report = await extract([selectionOf(new FakeFileSystem(root))], new ZipSink(out), { observer, wishes });
  await new Promise((resolve) => out.end(resolve));
  return report;
}

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    env: toolEnv(),
    encoding: "utf8",
    timeout: 60_000,
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * MIB,
  });
  expect({ command, args, status, stderr }).toEqual({ command, args, status: 0, stderr: "" });
  return stdout;
}

const NO_UTF8 = nameFromBytes(Uint8Array.from(Buffer.from("latin1 \xe9\xff", "latin1")));

/** All that a zip can have, of what `everything` has. */
function everythingForZip(without: readonly string[]): FakeNode {
  const special = new Set(["pipe", "null", "disk", NO_UTF8, "deep", ...without]);
  const all = everything();
  return { ...all, entries: (all.entries ?? []).filter(([name]) => !special.has(name)) };
}

interface Reader {
  readonly tool: string;
  readonly args: (file: string, top: string) => readonly string[];
  /** What it refuses. */
  readonly without: readonly string[];
  /** Facets that it does not restore, or misreads, of all or of some paths. */
  readonly otherwise: (difference: Difference) => boolean;
}

const LINKS = ["link", "absolute link", "link of two names", "its other name"];

const READERS: readonly Reader[] = [
  {
    tool: "unzip",
    args: (file, top) => ["-q", "-X", "-K", file, "-d", top],
    without: ["new\nline and\ttab"],
    // It sets no times of links, and takes seconds before 1970 for none.
    otherwise: ({ path, facet }) => facet === "modifiedNs" && [...LINKS, "before 1970", "after 2242"].includes(path),
  },
  {
    tool: "7zz",
    args: (file, top) => ["x", "-snld", file, `-o${top}`],
    without: ["link of two names", "its other name"],
    // It sets no owners, applies the umask, has no bits beyond 0777, and rewrites absolute links.
    otherwise: ({ path, facet }) => ["uid", "gid", "mode"].includes(facet) || (path === "absolute link" && facet === "target"),
  },
  {
    tool: "bsdtar",
    args: (file, top) => ["-xpf", file, "-C", top, "--numeric-owner"],
    without: [],
    // It reads seconds in 32 bits without a sign, and not the times of Windows.
    otherwise: ({ path, facet }) => facet === "modifiedNs" && ["before 1970", "after 2242"].includes(path),
  },
];

for (const { tool, args, without, otherwise } of READERS) {
  describeIf(
    isRoot && has(tool, "getfattr"),
    `root, ${tool} and getfattr are needed`,
    `a zip of everything, by ${tool}`,
    () => {
      test("is unpacked with contents, modes, links and times", async () => {
        await withFreshFolder(async (folder) => {
          const file = join(folder, "all.zip");
          const report = await zipTo(file, everythingForZip(without));
          expect(report).toMatchObject({ failedCount: 0, ended: undefined });
          const top = join(folder, "out");
          mkdirSync(top);
          run(tool, ...args(file, top));
          const expected = manifestOfFileSystem(new FakeFileSystem(everythingForZip(without)));
          const differences = compareManifests(expected, await manifestOf(top), {
            ignore: ["accessedNs", "linkCount", "sameAs", "xattrs"],
            timeStepNs: 1_000_000_000n,
            without: ({ path }) => path === "",
          });
          expect(describeDifferences(differences.filter((difference) => !otherwise(difference)))).toBe("");
        });
      });
    },
  );
}

const HOSTILE_ENTRIES = folderOf({
  small: { content: "small" },
  empty: { content: "" },
  incompressible: {
    content: new Uint8Array(
      createHash("shake256", { outputLength: 3 * MIB + 5 })
        .update("seed")
        .digest(),
    ),
  },
  large: { content: countedBytes(5 * MIB + 3) },
  "exactly one piece": { content: countedBytes(MIB) },
  sparse: {
    content: contentOf([
      { kind: "inline", lengthBytes: 5, bytes: Uint8Array.from(Buffer.from("start")) },
      { kind: "hole", lengthBytes: 7 * MIB + 1 },
      { kind: "inline", lengthBytes: 3, bytes: Uint8Array.from(Buffer.from("end")) },
    ]),
  },
  "all hole": { content: contentOf([{ kind: "hole", lengthBytes: 3 * MIB }]) },
  [NO_UTF8]: { content: "raw" },
  日本語: { content: "utf-8" },
  "back\\slash": { content: "b" },
  link: link("small"),
});

/** Names as Python shows them, with size and SHA-256, one a line; fails where a sum is wrong. */
const PYTHON = `
import hashlib, json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
rows = []
for info in archive.infolist():
    digest = hashlib.sha256()
    with archive.open(info) as content:
        while piece := content.read(1 << 20): digest.update(piece)
    rows.append([info.filename, info.file_size, digest.hexdigest(), list(info.date_time), info.external_attr >> 16])
print(json.dumps(rows))
`;

type PythonRow = readonly [name: string, sizeBytes: number, sha256: string, time: readonly number[], mode: number];
const pythonRows = (file: string): readonly PythonRow[] => JSON.parse(run("python3", "-c", PYTHON, file));

describeWith(["python3", "unzip", "7zz", "bsdtar"], "a zip", () => {
  test("is read by python, unzip -t and 7zz t; the digests told are those of the contents", async () => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.zip");
      const told = new Map<string, string | undefined>();
      const report = await zipTo(file, HOSTILE_ENTRIES, {
        done: ({ path, node }, sha256) => node.kind === "file" && told.set(path, sha256),
      });
      expect(report.failedCount).toBe(0);
      expect(report.losses).toContainEqual({
        facet: "name",
        why: expect.any(String),
        omitted: false,
        count: 1,
        paths: [NO_UTF8],
      });
      const rows = pythonRows(file);
      expect(rows.length).toBe(11);
      for (const [name, sizeBytes, sha256] of rows) {
        if (name === "link") continue;
        const path = told.has(name) ? name : NO_UTF8;
        expect([name, told.get(path)]).toEqual([name, sha256]);
        expect(sizeBytes).toBe(
          new FakeFileSystem(HOSTILE_ENTRIES).node(selectionOf(new FakeFileSystem(HOSTILE_ENTRIES), `/${path}`).node.id)
            .sizeBytes,
        );
      }
      expect(run("unzip", "-tq", file)).toContain("No errors detected");
      expect(run("7zz", "t", file)).toContain("Everything is Ok");
    });
  });

  test("is the same each time", async () => {
    await withFreshFolder(async (folder) => {
      await zipTo(join(folder, "1.zip"), HOSTILE_ENTRIES);
      await zipTo(join(folder, "2.zip"), HOSTILE_ENTRIES);
      expect(readFileSync(join(folder, "1.zip")).equals(readFileSync(join(folder, "2.zip")))).toBe(true);
    });
  });

  test("has 64-bit sizes for a file beyond 4 GiB, and what comes after it", async () => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.zip");
      const sizeBytes = 4 * 1024 * MIB + 5;
      const huge = contentOf([
        { kind: "hole", lengthBytes: sizeBytes - 3 },
        { kind: "inline", lengthBytes: 3, bytes: Uint8Array.from(Buffer.from("end")) },
      ]);
      const out = createWriteStream(file);
      const root = folderOf({ huge: { content: huge }, after: { content: "after" } });
      await extract([selectionOf(new FakeFileSystem(root))], new ZipSink(out));
      await new Promise((resolve) => out.end(resolve));
      expect(readFileSync(file).length).toBeLessThan(8 * MIB);
      expect(run("unzip", "-v", file)).toMatch(new RegExp(`^ *${sizeBytes} .* huge$`, "m"));
      expect(run("unzip", "-p", file, "after")).toBe("after");
      // Of the sum the oracle tests make sure; here a smaller file does.
      expect(run("bsdtar", "-tvf", file)).toContain(` ${sizeBytes} `);
    });
  });

  test("has a 64-bit directory for more than 65,535 entries", async () => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.zip");
      const many: FakeNode = {
        kind: "directory",
        entries: Array.from({ length: 66_000 }, (_, i) => [`d${i}`, { entries: [] }]),
      };
      const parts: Buffer[] = [];
      const out = new Writable({
        write: (bytes: Buffer, _, done) => {
          parts.push(bytes);
          done();
        },
      });
      await extract([selectionOf(new FakeFileSystem(many))], new ZipSink(out));
      writeFileSync(file, Buffer.concat(parts));
      expect(
        run("python3", "-c", "import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).namelist()))", file).trim(),
      ).toBe("66000");
      expect(run("7zz", "l", file)).toMatch(/0 files, 66000 folders/);
    });
  });

  test("keeps times that DOS has not: before 1970, before 1980, after 2038", async () => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.zip");
      const at = (year: number) => BigInt(Date.UTC(year, 4, 6, 7, 8, 10)) * 1_000_000n;
      const years = [1905, 1969, 1975, 1999, 2037, 2150];
      await zipTo(
        file,
        folderOf(Object.fromEntries(years.map((year) => [`f${year}`, { content: "x", modifiedNs: at(year) }]))),
      );
      const dos = new Map(pythonRows(file).map(([name, , , time]) => [name, time]));
      expect([dos.get("f1905"), dos.get("f1999"), dos.get("f2150")]).toEqual([
        [1980, 1, 1, 0, 0, 0],
        [1999, 5, 6, 7, 8, 10],
        [2107, 12, 31, 23, 59, 58],
      ]);
      const listed = run("7zz", "l", "-slt", file);
      for (const year of years) expect(listed).toContain(`Modified = ${year}-05-06 07:08:10`);
    });
  });

  test("holds both of two entries with one name, as a damaged directory may have them", async () => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.zip");
      await zipTo(file, {
        kind: "directory",
        entries: [
          ["twin", { content: "1" }],
          ["twin", { content: "2" }],
        ],
      });
      expect(pythonRows(file).map(([name]) => name)).toEqual(["twin", "twin"]);
    });
  });

  test("says what it cannot have, and gives each name of a file its content", async () => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.zip");
      const twice: FakeNode = { content: "twice" };
      const report = await zipTo(
        file,
        folderOf({
          one: twice,
          two: twice,
          pipe: { kind: "fifo" },
          socket: { kind: "socket" },
          null: { kind: "char", device: { major: 1, minor: 3 } },
          strange: { kind: "other" },
          attributes: { content: "", xattrs: [{ name: "user.a", value: new Uint8Array(1) }] },
          ["n".repeat(70_000)]: { content: "" },
        }),
      );
      expect(report.losses.map(({ facet, omitted, paths }) => [facet, omitted, paths])).toEqual([
        ["hard link", false, ["two"]],
        ["fifo", true, ["pipe"]],
        ["socket", true, ["socket"]],
        ["device", true, ["null"]],
        ["xattr", false, ["attributes"]],
      ]);
      expect(report.failed.map(({ fault }) => fault.message)).toEqual([
        "its kind is none that a zip can have",
        "its path has 70000 bytes, and a zip takes 65534",
      ]);
      expect(pythonRows(file).map(([name, sizeBytes]) => [name, sizeBytes])).toEqual([
        ["one", 5],
        ["two", 5],
        ["attributes", 0],
      ]);
    });
  });

  test("has zeros where a part could not be read, of a small and a large file, and says so", async () => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.zip");
      const disk = new FailingSource(countedBytes(8 * MIB), {
        badSectors: [
          [2, 3],
          [8192, 8200],
        ],
      });
      const part = (offsetBytes: number, lengthBytes: number) =>
        contentOf([{ kind: "data", lengthBytes, source: disk, offsetBytes }]);
      const report = await zipTo(
        file,
        folderOf({ small: { content: part(0, 4096) }, large: { content: part(2 * MIB, 5 * MIB) } }),
      );
      expect(report.failed.map(({ path, fault }) => [path, fault.message.replace(/: .*;/, ": ...;")])).toEqual([
        ["small", "512 bytes cannot be read (1024-1535): ...; zeros stand in their place"],
        ["large", `4096 bytes cannot be read (${2 * MIB}-${2 * MIB + 4095}): ...; zeros stand in their place`],
      ]);
      const expected = [
        countedBytes(4096).fill(0, 1024, 1536),
        countedBytes(5 * MIB, 2 * MIB).fill(0, 2 * MIB, 2 * MIB + 4096),
      ];
      expect(pythonRows(file).map(([, , sha256]) => sha256)).toEqual(
        expected.map((bytes) => createHash("sha256").update(bytes).digest("hex")),
      );
    });
  });
});

describe("the end of a zip stream", () => {
  const LARGE = { content: countedBytes(16 * MIB) };

  test("a full disk", async () => {
    const out = createWriteStream("/dev/full");
    const report = await extract([selectionOf(new FakeFileSystem(folderOf({ LARGE })))], new ZipSink(out));
    expect(report.ended).toEqual({ kind: "sink", code: "ENOSPC", message: "zip: the destination is full (ENOSPC)" });
  });

  test("a reader that has gone", async () => {
    const reader = spawn("sh", ["-c", "head -c 100 > /dev/null"], { stdio: ["pipe", "ignore", "ignore"], timeout: 60_000 });
    const root = folderOf({ LARGE, again: LARGE });
    const report = await extract([selectionOf(new FakeFileSystem(root))], new ZipSink(reader.stdin));
    // Node may close its end first.
    expect(report.ended).toMatchObject({ kind: "sink", message: expect.stringMatching(/^zip: the reader has gone/) });
  });

  test("a reader that has stopped holds a few MiB, and an abort ends the wait", async () => {
    const disk = new FailingSource(countedBytes(16 * MIB));
    const root = folderOf(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`f${i}`, { content: disk }])));
    const stalled = new Writable({ write: () => undefined });
    const controller = new AbortController();
    const running = extract([selectionOf(new FakeFileSystem(root))], new ZipSink(stalled), { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(disk.lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(12 * MIB);
    controller.abort();
    expect(await running).toMatchObject({ ended: "interrupted", copied: { file: 0 } });
    expect(disk.inFlight).toBe(0);
  });

  test("whichever read finds the source dead, the run ends with its word", async () => {
    for (let diesAtRead = 1; diesAtRead <= 6; diesAtRead++) {
      const disk = new FailingSource(countedBytes(4 * MIB), { diesAtRead });
      const out = new Writable({ write: (_chunk, _encoding, done) => done() });
      const report = await extract([selectionOf(new FakeFileSystem(folderOf({ a: { content: disk } })))], new ZipSink(out));
      expect(report.ended).toMatchObject(disk.reads >= diesAtRead ? { kind: "source" } : {});
      expect(disk.inFlight).toBe(0);
    }
  });
});
