import { describe, expect, test } from "vitest";
import { nameFromBytes } from "../../../src/bytes/names.ts";
import type { Node } from "../../../src/filesystem/node.ts";
import { ntfs } from "../../../src/filesystem/ntfs/driver.ts";
import { resolvePath } from "../../../src/filesystem/path.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { FailingSource } from "../../support/failing-source.ts";
import { fixtureBytes } from "../../support/fixture.ts";
import { bytesOf } from "../../support/ntfs-image.ts";

const fileSystem = ntfs.open(new MemorySource(fixtureBytes("ntfs-facets"), "facets"));

function node(path: string): Node {
  return resolvePath(fileSystem, path).node;
}

function names(path: string): readonly string[] {
  const damaged = (error: Error): never => {
    throw error;
  };
  return [...fileSystem.list(node(path).id, damaged)].map(({ name }) => name);
}

test("tells what the volume is", () => {
  expect(fileSystem).toMatchObject({ type: "ntfs", label: "Facets ñ 名", uuid: "0123456789ABCDEF", foldsCase: true });
  expect(fileSystem.details).toMatchObject({
    version: "3.1",
    "sector bytes": 512,
    "cluster bytes": 4096,
    "record bytes": 1024,
    "log version": "empty",
    "boot sector": "first sector",
  });
  // As `ntfscluster -i` and `df` on an ntfs-3g mount have it.
  expect(fileSystem.space).toEqual({ sizeBytes: 16_773_120, freeBytes: 13_279_232, allocationUnitBytes: 4096 });
  expect(fileSystem.state).toMatchObject({ clean: true, warning: undefined });
});

describe("names", () => {
  test("each file once, in the order of the index, without DOS names and without the volume's own files", () => {
    expect(names("/")).toEqual(["data", "links", "names", "refused", "streams", "wsl"]);
    expect(names("/names")).toContain("A long name with an alias.text");
    expect(names("/names")).not.toContain("ALONGN~1.TEX");
  });

  test("a DOS name is found, and gives the name that Windows lists", () => {
    expect(fileSystem.lookup(node("/names").id, "alongn~1.tex")).toEqual({
      name: "A long name with an alias.text",
      id: node("/names/A long name with an alias.text").id,
      kind: "file",
    });
  });

  test("case is folded by the volume's own table; of twins the one that is spelt so is found", () => {
    const { id } = node("/names");
    expect(fileSystem.lookup(id, "ΕΛΛΗΝΙΚΆ ΑΡΧΕΊΟ.TXT")?.name).toBe("Ελληνικά αρχείο.txt");
    expect(fileSystem.lookup(id, "Twin.txt")?.id).toBe(75);
    expect(fileSystem.lookup(id, "TWIN.TXT")?.id).toBe(76);
    expect(["Twin.txt", "TWIN.TXT"]).toContain(fileSystem.lookup(id, "tWiN.TxT")?.name);
    expect(fileSystem.lookup(id, "ÑANDÚ SS ı İ.txt")).toBeUndefined();
    expect(fileSystem.lookup(id, "")).toBeUndefined();
  });

  test("a lone surrogate is a name like any other", () => {
    const name = nameFromBytes(Uint8Array.from(Buffer.from("lone\xed\xa0\x80.txt", "latin1")));
    expect(names("/names")).toContain(name);
    expect(bytesOf(fileSystem.content(fileSystem.lookup(node("/names").id, name)?.id ?? 0)).toString()).toBe("surrogate");
  });

  test("the volume's own files are found by name, though not listed", () => {
    expect(fileSystem.lookup(5, "$mft")).toMatchObject({ name: "$MFT", id: 0 });
    expect(node("/$Extend").kind).toBe("directory");
    expect(names("/$Extend")).toEqual(expect.arrayContaining([]));
  });

  test("hard links are one record with several names; DOS names do not count", () => {
    const found = ["/names/first", "/names/second", "/names/deeper/third"].map(node);
    expect(new Set(found.map(({ id }) => id)).size).toBe(1);
    expect(found[0]?.linkCount).toBe(3);
    expect(node("/names/A long name with an alias.text").linkCount).toBe(1);
  });
});

describe("links", () => {
  test.each([
    ["absolute", "C:\\data\\plain"],
    ["relative", "..\\data\\plain"],
    ["directory", "..\\names"],
    ["junction", "C:\\names"],
    ["junction-unprinted", "C:\\names"],
    ["mount-point", "Volume{0b1c2d3e-0000-0000-0000-100000000000}\\"],
    ["network", "\\\\server\\share\\x"],
    ["interix", "../names/Twin.txt"],
    ["interix-absolute", "/etc/ünï"],
  ])("%s leads where Windows says", (name, target) => {
    const link = node(`/links/${name}`);
    expect(link).toMatchObject({ kind: "symlink", sizeBytes: Buffer.byteLength(target) });
    expect(fileSystem.linkTarget(link.id)).toBe(target);
  });

  test("what is no link has no target", () => {
    expect(() => fileSystem.linkTarget(node("/data/plain").id)).toThrow(/FILE record \d+ is no link but a file/);
  });

  test("a path goes through a relative link of Windows", () => {
    const { path } = resolvePath(fileSystem, "/links/directory/first", { followMiddle: true });
    expect(path).toBe("/names/first");
  });
});

describe("special files", () => {
  test.each([
    ["/wsl/fifo", "fifo", undefined],
    ["/wsl/socket", "socket", undefined],
    ["/wsl/char", "char", { major: 5, minor: 1 }],
    ["/wsl/block", "block", { major: 259, minor: 65_538 }],
    ["/wsl/link", "symlink", undefined],
    ["/links/interix-fifo", "fifo", undefined],
    ["/links/interix-char", "char", { major: 4, minor: 64 }],
    ["/links/interix-block", "block", { major: 8, minor: 17 }],
    ["/refused/unknown", "other", undefined],
    ["/refused/cloud-folder", "directory", undefined],
  ])("%s is a %s", (path, kind, device) => {
    expect(node(path)).toMatchObject({ kind, device });
  });

  test("the target of a WSL link is UTF-8", () => {
    expect(fileSystem.linkTarget(node("/wsl/link").id)).toBe("../names/Twin.txt");
  });
});

describe("streams and attributes", () => {
  test("streams of a file and of a directory, by name in any case", () => {
    const file = node("/streams/file");
    expect(fileSystem.streams(file.id)).toEqual([
      { name: "empty", sizeBytes: 0 },
      { name: "large", sizeBytes: 50_000 },
      { name: "small", sizeBytes: 5 },
      { name: "потік", sizeBytes: 1 },
    ]);
    expect(bytesOf(fileSystem.content(file.id, "SMALL")).toString()).toBe("small");
    expect(fileSystem.streams(node("/streams/directory").id)).toEqual([{ name: "notes", sizeBytes: 9000 }]);
    expect(bytesOf(fileSystem.content(node("/streams/directory").id, "notes"))).toHaveLength(9000);
    expect(() => fileSystem.content(file.id, "none")).toThrow(/FILE record \d+ has no stream "none"/);
    expect(() => fileSystem.content(node("/streams").id)).toThrow(/FILE record \d+ is a directory/);
  });

  test("extended attributes are xattrs; those of WSL are mode and owner", () => {
    expect(fileSystem.xattrs(node("/streams/attributes").id)).toEqual([
      { name: "user.color", value: Uint8Array.from(Buffer.from("blue")) },
      { name: "user.$CI.CATALOGHINT", value: Uint8Array.of(1, 0) },
      { name: "security.label", value: Uint8Array.of(0, 255) },
    ]);
    const owned = node("/streams/owned");
    expect(owned).toMatchObject({ kind: "file", mode: 0o4755, uid: 1000, gid: 100 });
    expect(fileSystem.xattrs(owned.id)).toEqual([]);
    expect(node("/streams/file")).toMatchObject({ mode: undefined, uid: undefined, gid: undefined });
  });

  test("attribute flags by the words of Windows", () => {
    expect(node("/data/compressed/text").flags).toEqual(["archive", "compressed"]);
    expect(node("/data/sparse").flags).toEqual(["archive", "sparse"]);
    expect(node("/refused/cloud").flags).toEqual(["archive", "reparse point", "offline"]);
  });
});

describe("holes", () => {
  test("a terabyte of nothing is two extents", () => {
    const content = fileSystem.content(node("/data/sparse-terabyte").id);
    const extents = [...(content.extents?.(0, content.sizeBytes) ?? [])];
    expect(extents.map(({ kind }) => kind)).toEqual(["hole", "data"]);
    expect(content.sizeBytes).toBe(2 ** 40);
    const end = Buffer.alloc(7);
    content.readSync(end, 2 ** 40 - 7);
    expect(end.toString()).toBe("the end");
  });
});

test("looking up one of 500 names reads the record and two or three blocks of the index, and nothing of the rest", () => {
  const source = new FailingSource(fixtureBytes("ntfs-fragments"));
  const opened = ntfs.open(source);
  const { id } = resolvePath(opened, "/many").node;
  opened.lookup(id, "nothing of that name");
  source.reads = 0;
  source.lengths.length = 0;
  const entry = opened.lookup(id, "07919 SCATTERED name");
  expect(entry?.name).toBe("07919 scattered name");
  // Its blocks of 4 KiB lie in pieces of two clusters of 512 bytes here.
  expect(source.lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(3 * 4096 + 2 * 1024);
});
