import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FileSystem, OpenOptions } from "../../src/filesystem/file-system.ts";
import type { NodeId } from "../../src/filesystem/node.ts";
import { ntfs } from "../../src/filesystem/ntfs/driver.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { corpusImage, hasCorpus } from "../support/corpus.ts";
import { sha256Of } from "../support/ntfs-golden.ts";
import { toolOutput } from "../support/tool-output.ts";
import { describeIf, has } from "../support/tools.ts";

const COMPRESSED = "ntfs-windows10-compressed.img";
const DIRTY = "ntfs-windows7-dirty-log.img";
const STREAMS = "ntfs-windows-ads-attribute-list.img";

let work = "";
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "nomount-corpus-"));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

function open(name: string, options?: OpenOptions): FileSystem {
  return ntfs.open(new MemorySource(readFileSync(corpusImage(name, work)), name), options);
}

function text(fileSystem: FileSystem, id: NodeId, stream = ""): string {
  const content = fileSystem.content(id, stream);
  const bytes = new Uint8Array(content.sizeBytes);
  content.readSync(bytes, 0);
  return Buffer.from(bytes).toString("latin1");
}

describeIf(hasCorpus(COMPRESSED, DIRTY, STREAMS), "no folder of real images", "NTFS volumes that Windows made", () => {
  test("a compressed volume of Windows 10 holds what is known of it", () => {
    const fileSystem = open(COMPRESSED);
    expect(fileSystem.label).toBe("New Volume");
    expect(fileSystem.state.clean).toBe(true);
    const file = resolvePath(fileSystem, "/File.txt").node;
    expect(file.id).toBe(41);
    expect(text(fileSystem, file.id)).toBe("Contents here");
    const large = resolvePath(fileSystem, "/LARGE.TXT").node;
    expect(large.id).toBe(44);
    expect(large.flags).toContain("compressed");
    expect(text(fileSystem, large.id)).toBe("A".repeat(2_097_152));
    const directory = resolvePath(fileSystem, "/Large Directory").node;
    const names = [...fileSystem.list(directory.id, fail)].map(({ name }) => name);
    expect(names).toHaveLength(2048);
    expect(new Set(names).size).toBe(2048);
  });

  test("a volume of Windows 7 with a dirty log says so, and shows its files", () => {
    const fileSystem = open(DIRTY);
    expect(fileSystem.state).toMatchObject({ clean: false, warning: undefined });
    expect(fileSystem.state.journal?.summary).toBe("dirty, version 1.1, 0 transactions, 0 clusters; replayed in memory");
    expect(open(DIRTY, { replay: false }).state).toMatchObject({
      clean: false,
      warning: "$LogFile needs replay: the newest changes are only in it",
      journal: { summary: "dirty, version 1.1; not replayed" },
    });
    expect(fileSystem.details).toMatchObject({ "log version": "1.1", "cluster bytes": 512 });
    const found = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => resolvePath(fileSystem, `/file${i}.txt`).node);
    expect(found.map(({ id }) => id)).toEqual([37, 38, 39, 33, 40, 41, 42, 32]);
    expect(found.map(({ sizeBytes }) => sizeBytes)).toEqual([408, 357, 357, 357, 306, 306, 357, 357]);
  });

  test("streams spread over extension records with equal attribute ids are found by type, name and record", () => {
    const fileSystem = open(STREAMS);
    const { node } = resolvePath(fileSystem, "/nine.TXT");
    expect(node.sizeBytes).toBe(5000);
    const streams = fileSystem.streams(node.id).map(({ name, sizeBytes }) => [name, sizeBytes]);
    expect(streams.sort()).toEqual([
      ["111", 5005],
      ["222", 56],
      ["333", 6005],
    ]);
  });
});

const able = hasCorpus(COMPRESSED, DIRTY, STREAMS) && has("icat", "fls");

describeIf(
  able,
  "a folder of real images, icat and fls are needed",
  "NTFS volumes that Windows made, against fls and icat",
  () => {
    test.each([COMPRESSED, DIRTY, STREAMS])("%s: every file and stream has the bytes that icat gives", (name) => {
      const file = corpusImage(name, work);
      const fileSystem = open(name);
      let compared = 0;
      for (const line of toolOutput("fls", ["-r", "-p", "-F", file]).toString().split("\n")) {
        // "r/r 38-128-7:\tNine.txt:222"; "*" marks what is deleted, "$" what is the volume's own.
        const [, record, address, path] = /^r\/r ((\d+)-128-\d+):\t(.*)$/.exec(line) ?? [];
        if (record === undefined || address === undefined || path === undefined || path.startsWith("$")) continue;
        const [, plain = path, stream = ""] = /^([^:]*):?(.*)$/.exec(path) ?? [];
        const { node } = resolvePath(fileSystem, `/${plain}`);
        expect(node.id, path).toBe(Number(address));
        const expected = toolOutput("icat", [file, record]);
        expect(sha256Of(fileSystem.content(node.id, stream)), path).toBe(sha256(expected));
        compared += 1;
      }
      expect(compared).toBeGreaterThan(4);
    });
  },
);

function fail(error: Error): never {
  throw error;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
