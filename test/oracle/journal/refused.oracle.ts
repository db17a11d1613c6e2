import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recordHeader, tags } from "../../../src/filesystem/ext/journal/fast-commit/layout.ts";
import { blockHeader, blockTypes, JOURNAL_MAGIC } from "../../../src/filesystem/ext/journal/jbd2/layout.ts";
import { locateJournal } from "../../../src/filesystem/ext/journal/locate.ts";
import { geometryOf } from "../../../src/filesystem/ext/journal/metadata/geometry.ts";
import { readSuperblock } from "../../../src/filesystem/ext/superblock.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { resolve } from "../../../src/source/resolve.ts";
import { describeDifferences } from "../../support/compare-manifests.ts";
import { fixtureBytes } from "../../support/fixture.ts";
import { canLoopMount, describeIf, has, isRoot } from "../../support/tools.ts";
import { agreement, ownView } from "./agreement.ts";
import type { DirtyImage } from "./dirty-images.ts";
import { kernelView, refusalOf } from "./kernel-view.ts";
import { openReflinkFolder, type ReflinkFolder } from "./reflink-folder.ts";

/**
 * The kernel refuses to mount where a descriptor is damaged, or where not even the first fast commit is whole, and replays
 * nothing then. What nomount shows instead is what the kernel shows when the log ends there: the block is zeroed on a copy.
 */
const able = isRoot && canLoopMount && has("mkfs.xfs", "getfattr");

describeIf(able, "root, loop devices, mkfs.xfs, getfattr are needed", "a journal that the kernel refuses", () => {
  let folder: ReflinkFolder;
  beforeAll(() => {
    folder = openReflinkFolder(2);
  });
  afterAll(() => folder?.close());

  test("a fast commit that is not whole: the log without fast commits", async () => {
    const bytes = new Uint8Array(fixtureBytes("journal-fast-commit"));
    const { blockPlaces, fastCommitBlock = 0 } = journalOf(bytes);
    const place = blockPlaces[fastCommitBlock] ?? 0;
    const tail = offsetOfTail(bytes.subarray(place, place + 1024));
    expect(tail).toBeGreaterThan(0);
    await compare(
      bytes,
      place + tail + recordHeader.sizeBytes + 4,
      place,
      /the first fast commit after transaction \d+ is not whole/,
    );
  });

  test("a descriptor with a wrong checksum: the transactions ahead of it", async () => {
    const bytes = new Uint8Array(fixtureBytes("journal-ordered"));
    const { blockPlaces } = journalOf(bytes);
    const descriptors = blockPlaces.filter((place, block) => {
      const { magic, blockType } = blockHeader.view(bytes, place);
      return block > 0 && magic === JOURNAL_MAGIC && blockType === blockTypes.descriptor;
    });
    const place = descriptors[Math.floor(descriptors.length / 2)] ?? 0;
    await compare(bytes, place + 1000, place, /the checksum of the descriptor block in journal block \d+ is wrong/);
  });

  async function compare(bytes: Uint8Array, damagedByte: number, zeroedBlock: number, said: RegExp): Promise<void> {
    bytes[damagedByte] = (bytes[damagedByte] ?? 0) ^ 0xff;
    const file = join(folder.path, "image");
    writeFileSync(file, bytes);
    const image: DirtyImage = { file, sizeBytes: bytes.length, kind: { name: "image", make: [], sizeBytes: bytes.length } };
    const own = await ownView(image);
    expect(own.journal?.stopped?.message).toMatch(said);
    expect(refusalOf(image)).toBeDefined();
    const kernel = await kernelView(image, (copy) => {
      const fd = openSync(copy, "r+");
      writeSync(fd, new Uint8Array(1024), 0, 1024, zeroedBlock);
      closeSync(fd);
    });
    expect(kernel.refused).toBeUndefined();
    expect(own.journal?.transactions).toBeGreaterThan(0);
    const { unexplained, stampedByTheMount } = agreement(kernel, own);
    expect(describeDifferences([...unexplained, ...stampedByTheMount])).toBe("");
  }
});

/** Where each block of the journal lies in the image. */
function journalOf(bytes: Uint8Array) {
  const source = new MemorySource(bytes);
  const journal = locateJournal({ source, geometry: geometryOf(source, readSuperblock(source)) }, undefined);
  const blockPlaces: number[] = [];
  for (const extent of resolve(journal.source)) {
    if (extent.kind !== "data") throw new Error(extent.kind);
    for (let at = 0; at < extent.lengthBytes; at += journal.blockBytes) blockPlaces.push(extent.offsetBytes + at);
  }
  return { blockPlaces, fastCommitBlock: journal.fastCommitBlock };
}

function offsetOfTail(block: Uint8Array): number {
  for (let offset = 0; offset + recordHeader.sizeBytes <= block.length; ) {
    const { tag, lengthBytes } = recordHeader.view(block, offset);
    if (tag === tags.tail) return offset;
    offset += recordHeader.sizeBytes + lengthBytes;
  }
  return -1;
}
