import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { extract } from "../../src/extract/extract.ts";
import { FolderSink } from "../../src/sink/folder/folder-sink.ts";
import type { Sink } from "../../src/sink/sink.ts";
import { TarSink } from "../../src/sink/tar/tar-sink.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { contentOf } from "../support/content-of-extents.ts";
import { countedBytes } from "../support/counted-bytes.ts";
import { driver } from "../support/ext-fixture.ts";
import { FailingSource } from "../support/failing-source.ts";
import { FakeFileSystem, type FakeNode } from "../support/fake-file-system.ts";
import { fixtureBytes } from "../support/fixture.ts";
import { withFreshFolder } from "../support/mount.ts";
import { selectionOf } from "../support/selection-of.ts";

const FILES = 500;
const FILE_BYTES = 5000;
const ROOM_BYTES = 8192;
const READ_BYTES = 512 * 1024;

/** A disk that tells where it is read. */
class ReadDisk extends FailingSource {
  readonly offsets: number[] = [];
  override readSync(into: Uint8Array, offsetBytes: number): void {
    this.offsets.push(offsetBytes);
    super.readSync(into, offsetBytes);
  }
}

/** Small files side by side on the disk, the last one listed first. */
function scattered(disk: BlockSource): FakeNode {
  const entries = Array.from({ length: FILES }, (_, i): [string, FakeNode] => {
    const offsetBytes = (FILES - 1 - i) * ROOM_BYTES;
    return [`f${i}`, { content: contentOf([{ kind: "data", source: disk, offsetBytes, lengthBytes: FILE_BYTES }]) }];
  });
  return { kind: "directory", entries };
}

const nowhere = () => new Writable({ write: (_bytes, _encoding, done) => done() });

/** How often a read begins before the one ahead of it: on a disk with a head, each is a seek back. */
function stepsBack(offsets: readonly number[]): number {
  return offsets.filter((offset, i) => offset < (offsets[i - 1] ?? 0)).length;
}

describe(`${FILES} files of ${FILE_BYTES} bytes side by side, listed from the last to the first`, () => {
  test("are read for a folder in two sweeps, of as many reads as their places need", async () => {
    const disk = new ReadDisk(countedBytes(FILES * ROOM_BYTES));
    await withFreshFolder(async (to) => {
      const root = scattered(disk);
      const report = await extract([selectionOf(new FakeFileSystem(root))], new FolderSink(to, { threads: 0, native: false }));
      expect(report.copied.file).toBe(FILES);
    });
    // Of 256 and of 244 files, the room between two of them read along.
    const reads = Math.ceil((256 * ROOM_BYTES) / READ_BYTES) + Math.ceil((244 * ROOM_BYTES) / READ_BYTES);
    expect({ reads: disk.reads, back: stepsBack(disk.offsets) }).toEqual({ reads, back: 1 });
  });

  test("are read for a tar as a MiB of it needs them", async () => {
    const disk = new ReadDisk(countedBytes(FILES * ROOM_BYTES));
    const report = await extract([selectionOf(new FakeFileSystem(scattered(disk)))], new TarSink(nowhere()));
    expect(report.copied.file).toBe(FILES);
    // 163 files to a MiB of archive: 4 slabs, of which the first three take three reads each.
    expect(disk.reads).toBe(10);
  });
});

describe("the tree of ext4-deep", () => {
  async function readsOf(sink: Sink): Promise<{ readonly opening: number; readonly copying: number; readonly files: number }> {
    const disk = new FailingSource(fixtureBytes("ext4-deep"));
    const fileSystem = driver.open(disk);
    const path = "/";
    const node = fileSystem.node(fileSystem.root);
    const before = disk.reads;
    const report = await extract([{ fileSystem, path, node }], sink);
    fileSystem.close();
    return { opening: before, copying: disk.reads - before, files: report.copied.file };
  }

  test("is read whole, with a file of 700 extents and 404 others, by a few dozen reads", async () => {
    await withFreshFolder(async (to) => {
      const toFolder = await readsOf(new FolderSink(to, { threads: 0, native: false }));
      expect(toFolder).toEqual({ opening: 3, copying: 24, files: 405 });
    });
    expect(await readsOf(new TarSink(nowhere()))).toEqual({ opening: 3, copying: 27, files: 405 });
  });
});
