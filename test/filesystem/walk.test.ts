import { describe, expect, test } from "vitest";
import { NomountError, SourceError } from "../../src/error.ts";
import type { DirectoryEntry } from "../../src/filesystem/node.ts";
import { type WalkOptions, walk } from "../../src/filesystem/walk.ts";
import { FakeFileSystem, type FakeNode, folder, link } from "../support/fake-file-system.ts";

interface Walked {
  readonly paths: readonly string[];
  readonly damage: readonly string[];
}

function walkAll(fileSystem: FakeFileSystem, options?: WalkOptions): Walked {
  const damage: string[] = [];
  const start = fileSystem.node(fileSystem.root);
  const entries = [...walk(fileSystem, start, (path, error) => void damage.push(`${path}: ${error.message}`), options)];
  return { paths: entries.map(({ path }) => path), damage };
}

describe("a walk", () => {
  const shared: FakeNode = { content: "two names" };
  const tree = new FakeFileSystem(
    folder({ z: folder({ b: shared, a: link("b") }), a: { content: "" }, m: folder({ n: folder({}), again: shared }) }),
  );

  test("goes depth first in on-disk order, each directory before what it holds", () => {
    expect(walkAll(tree)).toEqual({ paths: ["", "z", "z/b", "z/a", "a", "m", "m/n", "m/again"], damage: [] });
  });

  test("gives name, parent and node", () => {
    const entries = [...walk(tree, tree.node(tree.root), () => {})];
    expect(entries[0]).toMatchObject({ path: "", name: "", parent: undefined, node: { id: tree.root } });
    expect(entries.find(({ path }) => path === "z/b")).toMatchObject({
      name: "b",
      parent: entries[1]?.node.id,
      node: { kind: "file" },
    });
  });

  test("stays out of directories that it is told not to enter, the start too", () => {
    expect(walkAll(tree, { enter: ({ path }) => path !== "z" }).paths).toEqual(["", "z", "a", "m", "m/n", "m/again"]);
    expect(walkAll(tree, { enter: () => false }).paths).toEqual([""]);
  });

  test("of a file is that file", () => {
    const entry = tree.lookup(tree.root, "a");
    expect([...walk(tree, tree.node(entry?.id ?? 0), () => {})]).toHaveLength(1);
  });

  test("asks for nothing before it is needed, and lets go of what it has open when it is left", () => {
    const closed: number[] = [];
    class Watched extends FakeFileSystem {
      override *list(directory: number): Iterable<DirectoryEntry> {
        try {
          yield* super.list(directory);
        } finally {
          closed.push(directory);
        }
      }
    }
    const watched = new Watched(folder({ a: folder({ b: folder({ c: folder({}) }) }) }));
    for (const { path } of walk(watched, watched.node(1), () => {})) if (path === "a/b") break;
    expect(closed).toEqual([1, 2]);
  });
});

describe("damage", () => {
  test("a ring of directories ends, with a word", () => {
    const ring: { kind: "directory"; entries: [string, FakeNode][] } = { kind: "directory", entries: [] };
    ring.entries.push(["self", ring], ["other", folder({ back: ring })]);
    const { paths, damage } = walkAll(new FakeFileSystem(ring));
    expect(paths).toEqual(["", "self", "other", "other/back"]);
    expect(damage).toEqual([
      "self: directory 1 has a second name; its content is listed under the first",
      "other/back: directory 1 has a second name; its content is listed under the first",
    ]);
  });

  test("an inode that cannot be read is told with its path, and the rest still comes", () => {
    class Holed extends FakeFileSystem {
      override node(id: number) {
        if (id === 3) throw new NomountError("corrupt", "ext: inode 3 is garbage");
        return super.node(id);
      }
    }
    const { paths, damage } = walkAll(new Holed(folder({ a: folder({ bad: { content: "" }, good: { content: "" } }) })));
    expect(paths).toEqual(["", "a", "a/good"]);
    expect(damage).toEqual(["a/bad: ext: inode 3 is garbage"]);
  });

  test("a listing that breaks off is told with the directory's path, and the rest still comes", () => {
    class Torn extends FakeFileSystem {
      override *list(directory: number): Iterable<DirectoryEntry> {
        for (const entry of super.list(directory)) {
          yield entry;
          if (directory === 2) throw new NomountError("corrupt", "block 7 is garbage");
        }
      }
    }
    const { paths, damage } = walkAll(
      new Torn(folder({ a: folder({ one: { content: "" }, two: { content: "" } }), b: { content: "" } })),
    );
    expect(paths).toEqual(["", "a", "a/one", "b"]);
    expect(damage).toEqual(["a: block 7 is garbage"]);
  });

  test("the end of the source ends the walk", () => {
    class Dying extends FakeFileSystem {
      override node(id: number) {
        if (id === 2) throw new SourceError("gone", { label: "sda", offsetBytes: 0, lengthBytes: 1 }, { fatal: true });
        return super.node(id);
      }
    }
    expect(() => walkAll(new Dying(folder({ a: { content: "" } })))).toThrow("gone");
  });

  test("a tree deeper than any path can be is walked as far as paths go, and the rest is said", () => {
    // The fake numbers its nodes by recursion, so the depth is made of one directory that holds ever new ones.
    class Endless extends FakeFileSystem {
      override node(id: number) {
        return { ...super.node(1), id };
      }
      override *list(directory: number): Iterable<DirectoryEntry> {
        if (directory < 100_000) yield { name: "d", id: directory + 1, kind: "directory" };
      }
    }
    const endless = new Endless(folder({}));
    const { paths, damage } = walkAll(endless);
    expect(paths).toHaveLength(16_386);
    expect(damage).toEqual([
      expect.stringMatching(/^d\/d\/.*\/d: its path is longer than 32767 characters; what lies below is left out$/),
    ]);
  });
});
