import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Finding, type ScanOptions, scan } from "../../src/image/scan.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { openSource } from "../../src/source/file/open-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { FailingSource } from "../support/failing-source.ts";
import { fixtureBytes, scratchFolder } from "../support/fixture.ts";
import { repositoryFolder } from "../support/repository.ts";
import { toolOutput } from "../support/tool-output.ts";
import { describeWith } from "../support/tools.ts";

const folder = scratchFolder();

async function scanAll(source: BlockSource, options?: ScanOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of scan(source, options)) findings.push(finding);
  return findings;
}

const brief = (findings: readonly Finding[]) => findings.map(({ offsetBytes, format }) => [offsetBytes, format]);

describe("a disk of many formats", () => {
  const golden: { images: readonly { name: string; offsetBytes: number; blkid: { UUID?: string } }[] } = JSON.parse(
    readFileSync(join(repositoryFolder, "fixtures/signatures.json"), "utf8"),
  );
  const bytes = fixtureBytes("signatures");

  test("shows each where it begins, with label and UUID", async () => {
    const found = await scanAll(new MemorySource(bytes));
    // Of these only the head was kept, without what a closer look wants; UDF is not searched for.
    const unseen = ["ext2", "ext3", "ext4", "ext-journal", "ntfs", "udf", "udf-2048"];
    const expected = golden.images.filter(({ name, blkid }) => !unseen.includes(name) && Object.keys(blkid).length > 0);
    for (const { name, offsetBytes, blkid } of expected) {
      expect(found.find((each) => each.offsetBytes === offsetBytes)?.uuid, name).toBe(blkid.UUID);
    }
    const known = new Set(golden.images.map(({ offsetBytes }) => offsetBytes));
    expect(found.filter(({ offsetBytes }) => !known.has(offsetBytes))).toEqual([]);
  });

  test("is searched to its end, which is told", async () => {
    const told: number[] = [];
    await scanAll(new MemorySource(bytes), { progress: (doneBytes) => told.push(doneBytes) });
    expect(told.at(-1)).toBe(bytes.length);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  });

  test("a bad place hides what lies there and nothing else, and is told", async () => {
    const swap = golden.images.findIndex(({ name }) => name === "xfs");
    const at = golden.images[swap]?.offsetBytes ?? 0;
    const damaged: number[] = [];
    const source = new FailingSource(bytes, { badSectors: [[at / 512, at / 512 + 2]], namesBadSectors: true });
    const found = await scanAll(source, { damaged: (offsetBytes, lengthBytes) => damaged.push(offsetBytes, lengthBytes) });
    expect(damaged).toEqual([at, 1024]);
    expect(found.map(({ format }) => format)).toEqual(
      (await scanAll(new MemorySource(bytes))).map(({ format }) => format).filter((format) => format !== "XFS"),
    );
  });

  test("stops when it is told to, and when the source dies", async () => {
    await expect(scanAll(new MemorySource(bytes), { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
    await expect(scanAll(new FailingSource(bytes, { diesAtRead: 3 }))).rejects.toThrow("the device has gone");
  });
});

describe("lost tables", () => {
  test("a GPT is found by its backup, at the place where the disk begins", async () => {
    const bytes = new Uint8Array(6 << 20);
    bytes.set(fixtureBytes("gpt-named"), 1 << 20);
    expect(await scanAll(new MemorySource(bytes))).toEqual([
      expect.objectContaining({
        offsetBytes: 1 << 20,
        format: "gpt",
        uuid: "A0B0C0D0-1111-2222-3333-444455556666",
        sizeBytes: 4 << 20,
        notes: [],
      }),
    ]);
    bytes.fill(0, 1 << 20, (1 << 20) + 34 * 512);
    expect(await scanAll(new MemorySource(bytes))).toEqual([
      expect.objectContaining({
        offsetBytes: 1 << 20,
        format: "gpt",
        notes: [`its primary header is lost; found by the backup at byte ${(5 << 20) - 512}`],
      }),
    ]);
  });

  test("a GPT of 4096-byte sectors too", async () => {
    expect(brief(await scanAll(new MemorySource(fixtureBytes("gpt-4096"))))).toEqual([[0, "gpt"]]);
  });

  test("an MBR is one finding, its extended boot records none of their own; without it they are what is left", async () => {
    const bytes = Uint8Array.from(fixtureBytes("mbr-logical"));
    expect(brief(await scanAll(new MemorySource(bytes)))).toEqual([[0, "mbr"]]);
    bytes.fill(0, 0, 512);
    expect(brief(await scanAll(new MemorySource(bytes)))).toEqual([
      [1000 * 512, "extended boot record"],
      [2099 * 512, "extended boot record"],
      [2999 * 512, "extended boot record"],
      [5999 * 512, "extended boot record"],
    ]);
  });
});

describe("noise", () => {
  test("is nothing, though every magic number of two bytes is in it", async () => {
    const bytes = new Uint8Array(1 << 20);
    let state = 7;
    for (let i = 0; i < bytes.length; i++) {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      bytes[i] = state >> 16;
    }
    for (let at = 0; at < bytes.length; at += 512) {
      bytes.set([0x53, 0xef], at + 56);
      bytes.set([0x55, 0xaa], at + 510);
    }
    expect(await scanAll(new MemorySource(bytes))).toEqual([]);
  });
});

/** Makes a filesystem at a place of a sparse disk, and wipes part of it. */
function withFileSystem(
  sizeBytes: number,
  make: readonly string[],
  wipe: readonly (readonly [offset: number, length: number])[],
): string {
  const path = join(folder.path, "fs.img");
  rmSync(path, { force: true });
  const fd = openSync(path, "w");
  ftruncateSync(fd, sizeBytes);
  const [command = "", ...args] = make;
  toolOutput(command, [...args, path]);
  for (const [offset, length] of wipe) writeSync(fd, new Uint8Array(length), 0, length, offset);
  closeSync(fd);
  return path;
}

const MIB = 1024 * 1024;
const lost = [
  [
    "mke2fs",
    20 * MIB,
    ["mke2fs", "-q", "-t", "ext2", "-b", "1024"],
    [[1024, 1024]],
    "ext2",
    "its superblock is lost; found by the backup in block group 1, at byte 8389632",
  ],
  [
    "mke2fs",
    140 * MIB,
    ["mke2fs", "-q", "-t", "ext4", "-b", "4096", "-g", "8192"],
    [[0, 2048]],
    "ext4",
    "its superblock is lost; found by the backup in block group 1, at byte 33554432",
  ],
  [
    "mkntfs",
    4 * MIB,
    ["mkntfs", "-q", "-Q", "-F"],
    [[0, 512]],
    "NTFS",
    "its boot sector is lost; found by the copy at byte 4193792",
  ],
  [
    "mkfs.vfat",
    40 * MIB,
    ["mkfs.vfat", "-F", "32", "-s", "1"],
    [[0, 512]],
    "FAT32",
    "its boot sector is lost; found by the copy at byte 3072",
  ],
  ["mkfs.exfat", 10 * MIB, ["mkfs.exfat"], [[0, 512]], "exFAT", "its boot sector is lost; found by the copy at byte 6144"],
  [
    "mkfs.xfs",
    320 * MIB,
    ["mkfs.xfs", "-q", "-f", "-d", "agcount=4"],
    [[0, 512]],
    "XFS",
    "its superblock is lost; found by the one of group 1, at byte 83886080",
  ],
  [
    "mkfs.btrfs",
    120 * MIB,
    ["mkfs.btrfs", "-q"],
    [[65_536, 4096]],
    "Btrfs",
    "its superblock is lost; found by the copy at byte 67108864",
  ],
] as const;

for (const [tool, sizeBytes, make, wipe, format, note] of lost) {
  describeWith([tool], `${format} as ${make.join(" ")} makes it`, () => {
    test("is found once, at its start; without its head by a copy", async () => {
      for (const notes of [[], [note]]) {
        const source = await openSource(withFileSystem(sizeBytes, make, notes.length === 0 ? [] : wipe));
        const found = await scanAll(source);
        source.close();
        expect(found.map(({ offsetBytes, format: name, notes: said }) => [offsetBytes, name, said])).toEqual([
          [0, format, notes],
        ]);
        expect(found[0]?.sizeBytes).toBeLessThanOrEqual(sizeBytes);
        expect(found[0]?.sizeBytes).toBeGreaterThan(sizeBytes * 0.95);
      }
    });
  });
}

describeWith(["mke2fs"], "copies of superblocks", () => {
  test("that stray in a filesystem are not reported, an image that lies there whole is", async () => {
    const inner = readFileSync(withFileSystem(2 * MIB, ["mke2fs", "-q", "-t", "ext4", "-b", "1024"], []));
    const outer = readFileSync(withFileSystem(16 * MIB, ["mke2fs", "-q", "-t", "ext4", "-b", "4096"], []));
    // As a journal holds it: the block with the superblock, between other blocks.
    outer.set(outer.subarray(0, 4096), 10 * MIB);
    outer.set(inner, 12 * MIB);
    expect((await scanAll(new MemorySource(outer))).map(({ offsetBytes, sizeBytes }) => [offsetBytes, sizeBytes])).toEqual([
      [0, 16 * MIB],
      [12 * MIB, 2 * MIB],
    ]);
  });
});
