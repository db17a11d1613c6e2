import { describe, expect, test } from "vitest";
import { NomountError } from "../../src/error.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import { FakeFileSystem, type FakeNode, folder, link } from "../support/fake-file-system.ts";

const passwd: FakeNode = { content: "root" };
const tree = new FakeFileSystem(
  folder({
    etc: folder({ passwd, "strange \udcff": { content: "" } }),
    bin: link("usr/bin"),
    usr: folder({
      bin: folder({ sh: link("dash"), dash: { content: "#!" }, up: link("../../../../etc") }),
      absolute: link("/etc/passwd"),
      abs: link("/etc"),
    }),
    a: link("b"),
    b: link("a"),
    dangling: link("nowhere/at/all"),
    empty: link(""),
    deep: folder({ deeper: folder({}) }),
  }),
);

const find = (path: string, options = {}): string => resolvePath(tree, path, options).path;
const middle = { followMiddle: true };
const all = { followMiddle: true, followFinal: true };

describe("a path", () => {
  test.each([
    ["/", "/"],
    ["", "/"],
    ["//", "/"],
    ["/etc/passwd", "/etc/passwd"],
    ["etc/passwd", "/etc/passwd"],
    ["//etc/./passwd", "/etc/passwd"],
    ["/etc/", "/etc"],
    ["/etc/../deep/deeper/../..", "/"],
    ["/../../..", "/"],
    ["/etc/strange \udcff", "/etc/strange \udcff"],
    ["/bin", "/bin"],
    ["/dangling", "/dangling"],
  ])("%j is %s", (path, found) => {
    expect(find(path)).toBe(found);
  });

  test("gives the node", () => {
    expect(resolvePath(tree, "/etc/passwd").node).toMatchObject({ kind: "file", sizeBytes: 4 });
  });
});

describe("symbolic links", () => {
  test.each([
    ["/bin/sh", middle, "/usr/bin/sh"],
    ["/bin/sh", all, "/usr/bin/dash"],
    ["/bin/up/passwd", middle, "/etc/passwd"],
    ["/usr/absolute", middle, "/usr/absolute"],
    ["/usr/absolute", all, "/etc/passwd"],
    ["/usr/abs/passwd", middle, "/etc/passwd"],
    ["/usr/abs/../etc/passwd", middle, "/etc/passwd"],
    ["/bin/..", middle, "/usr"],
    ["/bin/", middle, "/usr/bin"],
    ["/empty", all, "/"],
  ])("%s with %j is %s", (path, options, found) => {
    expect(find(path, options)).toBe(found);
  });

  test.each([
    ["/a", all, "/a: more than 40 symbolic links, the last at /a"],
    ["/a/x", middle, "/a/x: more than 40 symbolic links, the last at /a"],
    ["/dangling", all, "/nowhere does not exist (in /dangling)"],
    ["/bin/sh", {}, "/bin is a symbolic link, which is not followed here (in /bin/sh)"],
    ["/usr/absolute/", all, "/etc/passwd is no directory but a file (in /usr/absolute/)"],
  ])("%s with %j: %s", (path, options, message) => {
    expect(() => find(path, options)).toThrow(expect.objectContaining({ kind: "path", message }));
  });
});

describe("what is not there", () => {
  test.each([
    ["/etc/shadow", "/etc/shadow does not exist"],
    ["etc/shadow", "/etc/shadow does not exist"],
    ["/no/such/path", "/no does not exist (in /no/such/path)"],
    ["/etc/passwd/x", "/etc/passwd is no directory but a file (in /etc/passwd/x)"],
    ["/etc/passwd/..", "/etc/passwd is no directory but a file (in /etc/passwd/..)"],
    ["/etc/passwd/", "/etc/passwd is no directory but a file"],
    ["/etc/a\nb", "/etc/a\\nb does not exist"],
  ])("%j: the first component that is missing or no directory is named", (path, message) => {
    expect(() => find(path)).toThrow(expect.objectContaining({ kind: "path", message }));
  });
});

describe("links of Windows", () => {
  class Windows extends FakeFileSystem {
    override readonly type: string = "ntfs";
  }
  const windows = new Windows(
    folder({
      Users: folder({ Public: folder({}) }),
      relative: link("Users\\Public"),
      junction: link("C:\\Users"),
      share: link("\\\\server\\x"),
    }),
  );

  test("use backslashes", () => {
    expect(resolvePath(windows, "/relative", all).path).toBe("/Users/Public");
  });

  test.each(["junction", "share"])("that name another drive or machine are said, not guessed: %s", (name) => {
    expect(() => resolvePath(windows, `/${name}/x`, all)).toThrow("which may be on another volume: name that path itself");
  });
});

test("damage met on the way passes through as what it is", () => {
  class Damaged extends FakeFileSystem {
    override lookup(): never {
      throw new NomountError("corrupt", "ext: inode 2: directory block 0: bad");
    }
  }
  expect(() => resolvePath(new Damaged(folder({})), "/x")).toThrow(expect.objectContaining({ kind: "corrupt" }));
});
