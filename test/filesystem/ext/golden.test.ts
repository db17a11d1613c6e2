import { expect, test } from "vitest";
import { nameToBytes } from "../../../src/bytes/names.ts";
import { NomountError } from "../../../src/error.ts";
import type { FileSystem } from "../../../src/filesystem/file-system.ts";
import { walk } from "../../../src/filesystem/walk.ts";
import { extFixtures, golden, openFixture, type RecordedEntry } from "../../support/ext-fixture.ts";
import { hashOf } from "../../support/manifest-of-file-system.ts";

test.each(extFixtures)("%s: all that the recording tool says", (name) => {
  const fileSystem = openFixture(name);
  const { entries } = golden(name);
  const found: RecordedEntry[] = [];
  for (const { path, node } of walk(fileSystem, fileSystem.node(fileSystem.root), (_, error) => fail(error))) {
    const { kind, id } = node;
    const xattrs = fileSystem.xattrs(id).map((xattr) => [xattr.name, Buffer.from(xattr.value).toString("base64")] as const);
    found.push({
      path,
      kind,
      inode: id,
      linkCount: node.linkCount,
      ...(kind === "file" || kind === "symlink" ? { sizeBytes: node.sizeBytes } : {}),
      mode: node.mode ?? -1,
      uid: node.uid ?? -1,
      gid: node.gid ?? -1,
      modifiedNs: String(node.modifiedNs),
      ...(node.device === undefined ? {} : { rdev: rdevOf(node.device) }),
      ...(kind === "symlink" ? { linkTarget: fileSystem.linkTarget(id) } : {}),
      ...(kind === "file" ? { sha256: contentOf(fileSystem, id) } : {}),
      ...(xattrs.length === 0 ? {} : { xattrs: Object.fromEntries(xattrs.sort(([a], [b]) => (a < b ? -1 : 1))) }),
    });
  }
  expect(found.sort(byPath)).toEqual([...entries].sort(byPath));
});

test.each(extFixtures)("%s: every path is found again by name", (name) => {
  const fileSystem = openFixture(name);
  for (const { path, inode } of golden(name).entries) {
    let here = fileSystem.root;
    for (const component of path.split("/").filter((part) => part !== "")) here = fileSystem.lookup(here, component)?.id ?? 0;
    expect([path, here]).toEqual([path, inode]);
  }
  expect(fileSystem.lookup(fileSystem.root, "no such name")).toBeUndefined();
});

test.each(extFixtures.filter((name) => golden(name).lookups !== undefined))(
  "%s: names are found as the kernel finds them",
  (name) => {
    const fileSystem = openFixture(name);
    for (const { path, inode } of golden(name).lookups ?? []) {
      let here: number | undefined = fileSystem.root;
      for (const component of path.split("/")) here = here === undefined ? undefined : fileSystem.lookup(here, component)?.id;
      expect([path, here ?? null]).toEqual([path, inode]);
    }
  },
);

test.each(extFixtures)("%s: extents cover the content exactly, also from the middle", (name) => {
  const fileSystem = openFixture(name);
  for (const { kind, inode, sizeBytes = 0 } of golden(name).entries) {
    if (kind !== "file" || fileSystem.node(inode).flags.includes("encrypted")) continue;
    const content = fileSystem.content(inode);
    expect(content.sizeBytes).toBe(sizeBytes);
    for (const offset of [0, 1, sizeBytes >> 1, sizeBytes - 1].filter((at) => at >= 0 && at < sizeBytes)) {
      let covered = 0;
      for (const extent of content.extents?.(offset, sizeBytes - offset) ?? []) covered += extent.lengthBytes;
      expect(covered).toBe(sizeBytes - offset);
      const [whole, part] = [new Uint8Array(sizeBytes), new Uint8Array(Math.min(5000, sizeBytes - offset))];
      if (sizeBytes > 1 << 24) continue;
      content.readSync(whole, 0);
      content.readSync(part, offset);
      expect(Buffer.compare(whole.subarray(offset, offset + part.length), part)).toBe(0);
    }
  }
});

function fail(error: NomountError): never {
  throw error;
}

function byPath(a: RecordedEntry, b: RecordedEntry): number {
  return Buffer.compare(Buffer.from(nameToBytes(a.path)), Buffer.from(nameToBytes(b.path)));
}

/** As Node's stat gives it: glibc's makedev. */
function rdevOf({ major, minor }: { major: number; minor: number }): number {
  const high = BigInt(major & ~0xfff) << 32n;
  return Number(high | BigInt((major & 0xfff) * 256 + (minor & 0xff)) | (BigInt(minor & ~0xff) << 12n));
}

/** An encrypted file is refused here by name, and by the kernel with ENOKEY, -126. */
function contentOf(fileSystem: FileSystem, id: number): string {
  try {
    return hashOf(fileSystem, id);
  } catch (error) {
    if (error instanceof NomountError && error.kind === "unsupported" && /is encrypted/.test(error.message)) {
      return "unreadable: Unknown system error -126";
    }
    throw error;
  }
}
