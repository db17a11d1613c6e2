import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ExtractOptions, extract } from "../../../src/extract/extract.ts";
import type { Report } from "../../../src/extract/report.ts";
import { type FolderOptions, FolderSink } from "../../../src/sink/folder/folder-sink.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { compareManifests, describeDifferences } from "../../support/compare-manifests.ts";
import { contentOf } from "../../support/content-of-extents.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { everything } from "../../support/everything.ts";
import { FakeFileSystem, type FakeNode, folder, link } from "../../support/fake-file-system.ts";
import { manifestOf } from "../../support/manifest.ts";
import { manifestOfFileSystem } from "../../support/manifest-of-file-system.ts";
import { withFreshFolder } from "../../support/mount.ts";
import { selectionOf } from "../../support/selection-of.ts";
import { describeIf, has, isRoot } from "../../support/tools.ts";

const SECOND_NS = 1_000_000_000n;

function copy(root: FakeNode, to: string, options: FolderOptions = {}, more: ExtractOptions = {}): Promise<Report> {
  return extract([selectionOf(new FakeFileSystem(root))], new FolderSink(to, options), more);
}

describeIf(isRoot && has("getfattr"), "root and getfattr are needed", "everything, to a folder", () => {
  test("is there with every facet", async () => {
    await withFreshFolder(async (scratch) => {
      const root = {
        ...everything(),
        entries: [...(everything().entries ?? []), ["socket", { kind: "socket", mode: 0o700 }] as const],
      };
      const fileSystem = new FakeFileSystem(root);
      const report = await extract([selectionOf(fileSystem)], new FolderSink(join(scratch, "to")));
      expect(report).toMatchObject({ failed: [], losses: [], damaged: [], ended: undefined });
      expect(report.copied).toMatchObject({ socket: 1, fifo: 1, char: 1, block: 1, "hard link": 2 });
      const differences = compareManifests(manifestOfFileSystem(fileSystem), await manifestOf(join(scratch, "to")));
      expect(differences.length, describeDifferences(differences)).toBe(0);
      expect(statSync(join(scratch, "to/holey")).blocks).toBe(24);
      expect(statSync(join(scratch, "to/all hole")).blocks).toBe(0);
    });
  });

  test("without the native part has times to the microsecond, and what is lost is said by file and facet", async () => {
    await withFreshFolder(async (scratch) => {
      const fileSystem = new FakeFileSystem(everything());
      let kept = 0;
      const report = await extract([selectionOf(fileSystem)], new FolderSink(join(scratch, "to"), { native: false }), {
        opened: (keeps) => {
          kept = Object.values(keeps).filter((kept) => kept === true).length;
        },
      });
      expect(kept).toBe(9);
      const lost = (facet: string) => report.losses.filter((loss) => loss.facet === facet).flatMap(({ paths }) => paths);
      expect(lost("fifo")).toEqual(["pipe"]);
      expect(lost("device")).toEqual(["null", "disk"]);
      expect([...new Set(lost("xattr"))]).toEqual(["attributes", "capability and owner"]);
      expect(lost("acl").toSorted()).toEqual(["access list", "default list"]);
      expect(lost("nanoseconds")).toContain("small");
      expect(lost("nanoseconds")).not.toContain("before 1970");
      expect(report.failed).toEqual([]);
      const differences = compareManifests(manifestOfFileSystem(fileSystem), await manifestOf(join(scratch, "to")), {
        ignore: ["xattrs"],
        timeStepNs: 1000n,
        without: ({ kind, path }) => kind === "fifo" || kind === "char" || kind === "block" || path === "access list",
      });
      expect(differences.length, describeDifferences(differences)).toBe(0);
    });
  });

  test("as an ordinary user, owners stay behind, and setuid with them", async () => {
    await withFreshFolder(async (scratch) => {
      const to = join(scratch, "to");
      mkdirSync(to, { mode: 0o777 });
      spawnSync("chmod", ["777", scratch, to]);
      const report = await asUser(65534, () => copy(everything(), to));
      const lost = (facet: string) => report.losses.filter((loss) => loss.facet === facet).flatMap(({ paths }) => paths);
      expect(report.failed).toEqual([]);
      expect(lost("owner")).toContain("small");
      expect(lost("mode")).toContain("setuid and setgid");
      expect(lost("device").toSorted()).toEqual(["disk", "null"]);
      expect(lost("xattr")).toContain("attributes");
      const found = await manifestOf(to);
      expect(found.get("setuid and setgid")).toMatchObject({ mode: 0o755, uid: 65534 });
      expect(found.get("closed/inside")?.kind).toBe("file");
      expect(found.get("closed")).toMatchObject({ mode: 0, modifiedNs: 77n * SECOND_NS });
      expect(found.get("attributes")?.xattrs.map((xattr) => xattr.split("=")[0])).toEqual([
        "user.binary",
        "user.empty",
        "user.lines",
      ]);
    });
  });
});

describe("a folder", () => {
  test("that was there keeps its own mode and times, as that is said", async () => {
    await withFreshFolder(async (scratch) => {
      const before = lstatSync(scratch);
      const report = await copy(folder({ a: { content: "a" } }, { mode: 0o500 }), scratch);
      expect(report.losses).toMatchObject([{ facet: "mode", count: 1, paths: [""] }]);
      expect(lstatSync(scratch).mode).toBe(before.mode);
    });
  });

  test("takes single files and trees under their own names, in folders made for them", async () => {
    await withFreshFolder(async (scratch) => {
      const fileSystem = new FakeFileSystem(
        folder({ etc: folder({ hosts: { content: "h" } }), var: folder({ log: folder({ a: { content: "a" } }) }) }),
      );
      const selections = [selectionOf(fileSystem, "/etc/hosts"), selectionOf(fileSystem, "/var/log")];
      await extract(selections, new FolderSink(join(scratch, "new/deep")));
      expect(readdirSync(join(scratch, "new/deep")).toSorted()).toEqual(["hosts", "log"]);
      expect(readFileSync(join(scratch, "new/deep/log/a"), "utf8")).toBe("a");
    });
  });

  test("replaces files by default, without writing through them, or refuses", async () => {
    await withFreshFolder(async (scratch) => {
      const to = join(scratch, "to");
      const outside = join(scratch, "outside");
      mkdirSync(join(to, "sub"), { recursive: true });
      for (const file of ["file", "sub/file"]) writeFileSync(join(to, file), "old");
      writeFileSync(outside, "outside");
      symlinkSync("../outside", join(to, "was a link"));
      spawnSync("ln", [outside, join(to, "was a hard link")]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const root = folder({
        file: { content: "new" },
        sub: folder({ file: link("elsewhere") }),
        "was a link": { content: "new" },
        "was a hard link": { content: "new" },
        other: { content: "other" },
      });
      const refused = await copy(root, to, { existing: "refuse" });
      expect(refused.failed.map(({ path }) => path).toSorted()).toEqual(["file", "sub/file", "was a hard link", "was a link"]);
      expect(refused.copied).toMatchObject({ file: 1, symlink: 0 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      const replaced = await copy(root, to);
      expect(replaced.failed).toEqual([]);
      expect(readFileSync(outside, "utf8")).toBe("outside");
      for (const name of ["file", "was a link", "was a hard link"]) expect(readFileSync(join(to, name), "utf8")).toBe("new");
      expect(lstatSync(join(to, "sub/file")).isSymbolicLink()).toBe(true);
      expect(readdirSync(to).toSorted()).toEqual(["file", "other", "sub", "was a hard link", "was a link"]);
    });
  });

  test("never has a folder replaced by a file, nor the other way round", async () => {
    await withFreshFolder(async (scratch) => {
      mkdirSync(join(scratch, "a"));
      writeFileSync(join(scratch, "b"), "b");
      await new Promise((resolve) => setTimeout(resolve, 20));
      const report = await copy(
        folder({ a: { content: "a" }, b: folder({ inside: { content: "i" } }), c: { content: "c" } }),
        scratch,
      );
      expect(report.failed.map(({ path, fault }) => `${path}: ${fault.message.replace(scratch, "TO")}`).toSorted()).toEqual([
        "a: TO/a is there already, and is a directory",
        "b/inside: b in the destination is no directory",
        "b: b is there already, and is no directory",
      ]);
      expect(report.copied.file).toBe(1);
    });
  });

  test("has a terabyte of hole in a moment, and a large file in parts", async () => {
    await withFreshFolder(async (scratch) => {
      const bytes = countedBytes(40 * 1024 * 1024 + 5);
      const large = contentOf([
        { kind: "data", lengthBytes: bytes.length, source: new MemorySource(bytes), offsetBytes: 0 },
        { kind: "hole", lengthBytes: 2 ** 20 },
      ]);
      await copy(
        folder({
          large: { content: large, mode: 0o444 },
          hole: { content: contentOf([{ kind: "hole", lengthBytes: 2 ** 40 }]) },
        }),
        scratch,
      );
      expect(statSync(join(scratch, "hole"))).toMatchObject({ size: 2 ** 40, blocks: 0 });
      const read = readFileSync(join(scratch, "large"));
      expect(read.subarray(0, bytes.length).equals(bytes)).toBe(true);
      expect(lstatSync(join(scratch, "large"))).toMatchObject({ size: large.sizeBytes, mode: 0o100444 });
    });
  });

  test("leaves no descriptor open", async () => {
    await withFreshFolder(async (scratch) => {
      const before = readdirSync("/proc/self/fd").length;
      await copy(everything(), join(scratch, "to"));
      expect(readdirSync("/proc/self/fd").length).toBe(before);
    });
  });
});

async function asUser<T>(uid: number, work: () => Promise<T>): Promise<T> {
  process.setegid?.(uid);
  process.seteuid?.(uid);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
