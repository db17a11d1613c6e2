import { expect, test } from "vitest";
import type { FileSystem } from "../../../../src/filesystem/file-system.ts";
import { walk } from "../../../../src/filesystem/walk.ts";
import type { BlockSource } from "../../../../src/source/block-source.ts";
import { resolve } from "../../../../src/source/resolve.ts";
import { driver, golden, type RecordedEntry } from "../../../support/ext-fixture.ts";
import { fixtureBytes } from "../../../support/fixture.ts";
import { journalBlocks } from "../../../support/journal-blocks.ts";
import {
  type JournalFixture,
  type JournalGolden,
  journalFixtures,
  journalGolden,
  openJournalFixture,
  pathsOf,
} from "../../../support/journal-fixture.ts";
import { hashOf } from "../../../support/manifest-of-file-system.ts";

test.each(journalFixtures)("%s: shows what a writable kernel mount of a copy shows", (name) => {
  const { fileSystem } = openJournalFixture(name);
  const expected = journalGolden(name);
  expect(entriesOf(fileSystem, expected)).toEqual(
    [...expected.entries].sort(byPath).map((entry) => unstamped(entry, expected)),
  );
});

test.each(journalFixtures)("%s: as much is free as in the kernel", (name) => {
  const { space, details } = openJournalFixture(name).fileSystem;
  const { freeBlocks, freeInodes } = journalGolden(name);
  expect([space.freeBytes / 1024, details["freeInodeCount"]]).toEqual([freeBlocks, freeInodes]);
});

test.each(journalFixtures)("%s: the image stays as it was", (name) => {
  const { fileSystem, image } = openJournalFixture(name);
  entriesOf(fileSystem, journalGolden(name));
  fileSystem.close();
  expect(Buffer.compare(image, fixtureBytes(name))).toBe(0);
});

test.each(journalFixtures)("%s: content lies in the image or in memory, and nowhere between", (name) => {
  const { fileSystem, root } = openJournalFixture(name);
  for (const { node } of walk(fileSystem, fileSystem.node(fileSystem.root), (_, error) => raise(error))) {
    if (node.kind !== "file") continue;
    for (const extent of resolve(fileSystem.content(node.id))) {
      expect(["data", "hole", "inline"]).toContain(extent.kind);
      if (extent.kind === "data") expect(extent.source).toBe(root);
    }
  }
});

const summaries: readonly (readonly [JournalFixture, string])[] = [
  ["journal-ordered", "dirty, N transactions, N blocks; replayed in memory; N orphans deleted"],
  ["journal-data", "dirty, N transactions, N blocks; replayed in memory; N orphans deleted"],
  ["journal-checksum-1", "dirty, N transactions, N blocks; replayed in memory; N orphans deleted"],
  ["journal-fast-commit", "dirty, N transactions, N fast commits, N blocks; replayed in memory; N orphans deleted"],
  ["journal-external", "dirty, N transactions, N blocks; replayed in memory; N orphans deleted"],
  ["journal-orphans", "clean; N orphan deleted; N files truncated"],
];

test.each(summaries)("%s: says %s", (name, said) => {
  const { journal, warning } = openJournalFixture(name).fileSystem.state;
  expect(journal?.summary.replace(/\d+/g, "N")).toBe(said);
  expect(journal?.stopped).toBeUndefined();
  expect(warning).toBeUndefined();
});

test.each(journalFixtures.filter((name) => name !== "journal-orphans"))(
  "%s: without a replay shows the disk as it lies, and says so",
  (name) => {
    const replayed = openJournalFixture(name).fileSystem;
    const { fileSystem } = openJournalFixture(name, { replay: false });
    expect(pathsOf(fileSystem)).not.toEqual(pathsOf(replayed));
    expect(fileSystem.state.clean).toBe(false);
    expect(fileSystem.state.warning).toBe("journal needs recovery: the newest changes are only in it");
    expect(fileSystem.state.journal).toEqual({
      dirty: true,
      replayed: false,
      transactions: undefined,
      blocks: undefined,
      summary: "dirty; not replayed",
      stopped: undefined,
    });
  },
);

test("without a replay nothing of the journal is read", () => {
  const image = fixtureBytes("journal-ordered");
  const journal = new Set(journalBlocks(image).places.map((place) => place / 1024));
  const touched = (replay: boolean) => {
    const blocks = new Set<number>();
    const source: BlockSource = {
      ...memory(image),
      readSync: (into, at) => {
        for (let block = Math.floor(at / 1024); block * 1024 < at + into.length; block++) blocks.add(block);
        memory(image).readSync(into, at);
      },
    };
    driver.open(source, { replay }).close();
    return [...blocks].filter((block) => journal.has(block)).length;
  };
  expect(touched(true)).toBeGreaterThan(50);
  expect(touched(false)).toBe(0);
});

test("an external journal that is not given is asked for by its uuid", () => {
  const { image } = openJournalFixture("journal-external");
  const source = { ...memory(image), sizeBytes: 4 << 20 };
  expect(() => driver.open(source)).toThrow(
    "ext: the journal is on another device, with uuid 7e1d2c3b-4a59-4687-9f00-112233445577: name it with --journal, or see the disk as it lies with --no-replay (memory)",
  );
  expect(driver.open(source, { replay: false }).state.journal?.dirty).toBe(true);
});

test("a device that holds another journal is refused", () => {
  const wrong = (image: Uint8Array) => image.set([1, 2, 3, 4], (4 << 20) + 1024 + 104);
  expect(() => openJournalFixture("journal-external", {}, wrong)).toThrow(
    /^ext: expected the external journal 7e1d2c3b-[-0-9a-f]*, found 01020304-/,
  );
});

test("a filesystem that was closed in order costs no read and no overlay", () => {
  const bytes = fixtureBytes("ext4-kinds");
  const reads: number[] = [];
  const counted = {
    ...memory(bytes),
    readSync: (into: Uint8Array, at: number): void => {
      reads.push(at);
      memory(bytes).readSync(into, at);
    },
  };
  const withReplay = driver.open(counted);
  const first = reads.splice(0);
  driver.open(counted, { replay: false });
  expect(first).toEqual(reads);
  expect(withReplay.state.journal?.summary ?? "no journal").toMatch(/^clean$|^no journal$/);
  expect(golden("ext4-kinds").entries.length).toBeGreaterThan(0);
});

test("after closing, what the journal had replaced can no longer be read", () => {
  const { fileSystem } = openJournalFixture("journal-data");
  const file = journalGolden("journal-data").entries.find(({ kind, sizeBytes = 0 }) => kind === "file" && sizeBytes > 0);
  const content = fileSystem.content(file?.inode ?? 0);
  fileSystem.close();
  expect(() => content.readSync(new Uint8Array(1), 0)).toThrow("read after close");
});

function entriesOf(fileSystem: FileSystem, expected: JournalGolden): RecordedEntry[] {
  const stamped = new Map(expected.entries.filter((entry) => isStamped(entry, expected)).map((entry) => [entry.path, entry]));
  const found: RecordedEntry[] = [];
  for (const { path, node } of walk(fileSystem, fileSystem.node(fileSystem.root), (_, error) => raise(error))) {
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
      modifiedNs: stamped.has(path) ? STAMPED : String(node.modifiedNs),
      ...(node.device === undefined ? {} : { rdev: rdevOf(node.device) }),
      ...(kind === "symlink" ? { linkTarget: fileSystem.linkTarget(id) } : {}),
      ...(kind === "file" ? { sha256: hashOf(fileSystem, id) } : {}),
      ...(xattrs.length === 0 ? {} : { xattrs: Object.fromEntries(xattrs.sort(([a], [b]) => (a < b ? -1 : 1))) }),
    });
  }
  return found.sort(byPath);
}

const STAMPED = "the time of the kernel's recovery";

/** What the kernel's own recovery changes (directories by fast commits, files by truncation) gets the time of the mount there. */
function isStamped({ modifiedNs }: RecordedEntry, { mountedNs: [begun, ended] }: JournalGolden): boolean {
  return BigInt(modifiedNs) >= BigInt(begun) && BigInt(modifiedNs) <= BigInt(ended);
}

function unstamped(entry: RecordedEntry, expected: JournalGolden): RecordedEntry {
  return isStamped(entry, expected) ? { ...entry, modifiedNs: STAMPED } : entry;
}

function memory(bytes: Uint8Array): BlockSource {
  return {
    label: "memory",
    sizeBytes: bytes.length,
    readSync: (into, at) => into.set(bytes.subarray(at, at + into.length)),
    read: async (into, at) => into.set(bytes.subarray(at, at + into.length)),
    close: () => {},
  };
}

function byPath(a: RecordedEntry, b: RecordedEntry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** As stat(2) gives it: glibc's encoding (sys/sysmacros.h). */
function rdevOf({ major, minor }: { major: number; minor: number }): number {
  return Number(
    (BigInt(minor) & 0xffn) |
      ((BigInt(major) & 0xfffn) << 8n) |
      ((BigInt(minor) & ~0xffn) << 12n) |
      ((BigInt(major) & ~0xfffn) << 32n),
  );
}

function raise(error: unknown): never {
  throw error;
}
