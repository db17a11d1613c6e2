import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FileSystem } from "../../src/filesystem/file-system.ts";
import type { Node } from "../../src/filesystem/node.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import { walk } from "../../src/filesystem/walk.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { SliceSource } from "../../src/source/slice.ts";
import { corpusImage, hasCorpus } from "../support/corpus.ts";
import { openExt } from "../support/ext-fixture.ts";
import { describeIf } from "../support/tools.ts";

/** Images that others made, with what is known of them; not part of this repository. */
const scratch = mkdtempSync(join(tmpdir(), "nomount-corpus-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function image(name: string): MemorySource {
  return new MemorySource(new Uint8Array(readFileSync(corpusImage(`${name}.img`, scratch))), name);
}

function describeCorpus(name: string, body: () => void): void {
  describeIf(hasCorpus(`${name}.img`), "no folder of real images", name, body);
}

function node(fileSystem: FileSystem, path: string): Node {
  return resolvePath(fileSystem, path).node;
}

function text(fileSystem: FileSystem, path: string): string {
  const content = fileSystem.content(node(fileSystem, path).id);
  const bytes = new Uint8Array(content.sizeBytes);
  content.readSync(bytes, 0);
  return new TextDecoder().decode(bytes);
}

function paths(fileSystem: FileSystem): Map<string, Node> {
  const found = new Map<string, Node>();
  const fail = (_: string, error: Error) => {
    throw error;
  };
  for (const entry of walk(fileSystem, fileSystem.node(fileSystem.root), fail)) found.set(entry.path, entry.node);
  return found;
}

describeCorpus("ext4-htree-encrypt", () => {
  let fileSystem: FileSystem;
  beforeAll(() => {
    fileSystem = openExt(image("ext4-htree-encrypt"));
  });

  test("plain files, and links short, long and in rings", () => {
    expect(text(fileSystem, "small_file")).toBe("hello, world!");
    expect(fileSystem.linkTarget(node(fileSystem, "sym_long").id)).toBe("/..".repeat(341));
    expect(fileSystem.linkTarget(node(fileSystem, "sym_59").id)).toBe("a".repeat(59));
    expect(fileSystem.linkTarget(node(fileSystem, "sym_60").id)).toBe("a".repeat(60));
    expect(() => resolvePath(fileSystem, "sym_loop_a", { followFinal: true })).toThrow(/more than 40 symbolic links/);
  });

  test("indexed directories of one level and of two: each file's content is its name", () => {
    for (const [directory, count] of [
      ["medium_dir", 1000],
      ["big_dir", 10_000],
    ] as const) {
      const names = [...fileSystem.list(node(fileSystem, directory).id, () => {})].map((entry) => entry.name);
      expect(names.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
      for (const name of names.slice(0, 300)) expect(text(fileSystem, `${directory}/${name}`)).toBe(name);
    }
  });

  test("the encrypted directory as its kernel shows it, and its content refused", () => {
    const [entry] = [...fileSystem.list(node(fileSystem, "encrypted_dir").id, () => {})];
    expect(entry?.name).toBe("rnNQwmh3pnyZjLeh4KPEalWryJExOrAS9nzE733j6NumvkLeRw67hA");
    expect(() => fileSystem.content(entry?.id ?? 0)).toThrow(/is encrypted: its content cannot be read without the key/);
  });

  test("holes", () => {
    const content = fileSystem.content(node(fileSystem, "holes").id);
    const kinds = [...(content.extents?.(0, content.sizeBytes) ?? [])].map((extent) => extent.kind);
    expect(kinds).toContain("hole");
    expect(kinds).toContain("data");
  });
});

describeCorpus("ext4-xattr-capability", () => {
  test("uuid, content and attributes", () => {
    const fileSystem = openExt(image("ext4-xattr-capability"));
    expect(fileSystem.uuid).toBe("ab98e08e-e2da-4bc9-bfc6-1ac5eafb1001");
    expect(text(fileSystem, "test_file")).toBe("dissect test file in ext4\n");
    const names = fileSystem.xattrs(node(fileSystem, "xattr_cap").id).map((xattr) => xattr.name);
    expect(names.sort()).toEqual(["security.capability", "security.selinux"]);
  });
});

describeCorpus("mbr-ext4-all-inode-types", () => {
  let fileSystem: FileSystem;
  let found: Map<string, Node>;
  beforeAll(() => {
    const disk = image("mbr-ext4-all-inode-types");
    fileSystem = openExt(new SliceSource(disk, 1 << 20, disk.sizeBytes - (1 << 20), "p1"));
    found = paths(fileSystem);
  });

  test("28 entries of every kind, the root among them", () => {
    expect(found.size).toBe(28);
    expect(new Set([...found.values()].map(({ kind }) => kind))).toEqual(
      new Set(["directory", "file", "symlink", "fifo", "socket", "char", "block"]),
    );
  });

  test("a file of its owner, devices with large numbers, a hard link", () => {
    expect(found.get("home/faux/hello.txt")).toMatchObject({ sizeBytes: 14, uid: 1000 });
    const devices = [...found.values()].map(({ device }) => device);
    expect(devices).toContainEqual({ major: 4093, minor: 0 });
    expect(devices).toContainEqual({ major: 0, minor: 1_023_997 });
    const [sparse, hardLink] = ["sparse-file", "hardlink-file"].map(
      (name) => [...found].find(([path]) => path.endsWith(name))?.[1],
    );
    expect(sparse).toMatchObject({ sizeBytes: 10 << 20 });
    expect(hardLink?.id).toBe(sparse?.id);
  });

  test("times of 1902 and 2345 to the nanosecond", () => {
    const modified = (name: string) => [...found].find(([path]) => path.endsWith(name))?.[1].modifiedNs;
    const seconds = (text: string) => BigInt(Date.parse(text) / 1000) * 1_000_000_000n;
    expect(modified("old-file")).toBe(seconds("1902-03-04T05:06:07Z") + 890_123_456n);
    expect(modified("future-file")).toBe(seconds("2345-06-07T08:09:10Z") + 111_213_141n);
  });
});
