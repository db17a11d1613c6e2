import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tags, tailRecord } from "../../../src/filesystem/ext/journal/fast-commit/layout.ts";
import {
  blockHeader,
  blockTypes,
  commitBlock,
  JOURNAL_MAGIC,
  journalSuperblock,
  revokeHeader,
} from "../../../src/filesystem/ext/journal/jbd2/layout.ts";
import { fixtureBytes } from "../../support/fixture.ts";
import { fastCommitRecord, type JournalBlocks, journalBlocks, repairJournal } from "../../support/journal-blocks.ts";
import type { JournalFixture } from "../../support/journal-fixture.ts";
import { canLoopMount, describeIf, has, isRoot } from "../../support/tools.ts";
import { command } from "./command.ts";
import { expectAgreement } from "./comparison.ts";
import type { DirtyImage } from "./dirty-images.ts";
import { openReflinkFolder, type ReflinkFolder } from "./reflink-folder.ts";

const able = isRoot && canLoopMount && has("mkfs.xfs", "getfattr", "mke2fs", "debugfs");

/** A journal with its image, and the places of what can be damaged in it. */
class Damaged {
  readonly image: Uint8Array;
  readonly #blocks: JournalBlocks;

  constructor(image: Uint8Array) {
    this.image = image;
    this.#blocks = journalBlocks(this.image);
  }

  get superblock(): number {
    return this.#blocks.places[0] ?? 0;
  }

  /** The blocks of one type that continue the log, in the order of their transactions. */
  blocks(blockType: number): readonly number[] {
    const { journal, places } = this.#blocks;
    const isHere = (place: number) => {
      const header = blockHeader.view(this.image, place);
      return header.magic === JOURNAL_MAGIC && header.blockType === blockType && header.sequence >= journal.sequence;
    };
    const sequence = (place: number) => blockHeader.view(this.image, place).sequence;
    return places
      .slice(1)
      .filter(isHere)
      .sort((a, b) => sequence(a) - sequence(b));
  }

  middle(blockType: number): number {
    const blocks = this.blocks(blockType);
    return there(blocks[Math.floor(blocks.length / 2)]);
  }

  last(blockType: number): number {
    return there(this.blocks(blockType).at(-1));
  }

  fastCommit(kind: number, index: number): number {
    return fastCommitRecord(this.image, kind, index);
  }

  flip(place: number): void {
    this.image[place] = (this.image[place] ?? 0) ^ 0x55;
  }

  put32(place: number, value: number, littleEndian = false): void {
    new DataView(this.image.buffer).setUint32(place, value, littleEndian);
  }

  repair(): void {
    repairJournal(this.image, this.#blocks);
  }
}

function there(place: number | undefined): number {
  if (place === undefined) throw new Error("nothing of this kind is there to be damaged");
  return place;
}

/** A file's blocks written twice by transactions of debugfs, some of them revoked in between. */
function byDebugfs(folder: string): Uint8Array {
  const [image, content] = [join(folder, "made"), join(folder, "content")];
  writeFileSync(content, Buffer.alloc(4096, "new "));
  command("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-J", "size=1", image, "4M");
  const script = [
    "jo -c -v 3",
    `jw -b 3000,3001,3002,3003 ${content}`,
    "jw -r 3000,3001",
    `jw -b 3002,3003,3004,3005 ${content}`,
    "jc",
  ];
  writeFileSync(join(folder, "script"), `${script.join("\n")}\n`);
  command("debugfs", "-w", "-f", join(folder, "script"), image);
  return new Uint8Array(readFileSync(image));
}

const { descriptor, revoke, commit } = blockTypes;
const firstTag = blockHeader.sizeBytes;

/** Beside the fixtures, of which none has revocations of version 3. */
const WITH_REVOCATIONS = "debugfs";

const damages: readonly (readonly [string, JournalFixture | typeof WITH_REVOCATIONS, (damaged: Damaged) => void])[] = [
  ["a descriptor", "journal-ordered", (d) => d.flip(d.middle(descriptor) + 900)],
  ["the last descriptor", "journal-ordered", (d) => d.flip(d.last(descriptor) + 900)],
  ["a block of revocations", WITH_REVOCATIONS, (d) => d.flip(d.middle(revoke) + 900)],
  ["a commit block", "journal-ordered", (d) => d.flip(d.middle(commit) + commitBlock.offsetOf("commitNanoseconds"))],
  ["the last commit block", "journal-ordered", (d) => d.flip(d.last(commit) + commitBlock.offsetOf("commitNanoseconds"))],
  ["the end of a commit block, which does not count", "journal-ordered", (d) => d.flip(d.middle(commit) + 900)],
  ["a copy of a block", "journal-ordered", (d) => d.flip(d.middle(descriptor) + 1024)],
  ["a copy of a block in the last transaction", "journal-ordered", (d) => d.flip(d.last(descriptor) + 1024)],
  [
    "a descriptor that names a block beyond the device",
    "journal-ordered",
    (d) => {
      d.put32(d.middle(descriptor) + firstTag, 0x7fffff00);
      d.repair();
    },
  ],
  [
    "a block of revocations that is longer than a block",
    WITH_REVOCATIONS,
    (d) => {
      d.put32(d.middle(revoke) + revokeHeader.offsetOf("usedBytes"), 5000);
      d.repair();
    },
  ],
  ["a descriptor of another transaction", "journal-ordered", (d) => d.put32(d.middle(descriptor) + 8, 7)],
  ["a commit block that is not there", "journal-ordered", (d) => d.image.fill(0, d.middle(commit), d.middle(commit) + 1024)],
  ["the journal's superblock", "journal-ordered", (d) => d.flip(d.superblock + journalSuperblock.offsetOf("uuid"))],
  [
    "an unknown feature",
    "journal-ordered",
    (d) => {
      d.flip(d.superblock + journalSuperblock.offsetOf("featureIncompat"));
      d.repair();
    },
  ],
  ["a copy of a block, checksums of version 1", "journal-checksum-1", (d) => d.flip(d.middle(descriptor) + 1024)],
  ["the last transaction, checksums of version 1", "journal-checksum-1", (d) => d.flip(d.last(descriptor) + 1024)],
  ["a descriptor without its magic, no checksums", "journal-data", (d) => d.flip(d.middle(descriptor))],
  [
    "a descriptor that names a block beyond the device, no checksums",
    "journal-data",
    (d) => d.put32(d.middle(descriptor) + firstTag, 0x7fffff00),
  ],
  [
    "a log that begins beyond the ring",
    "journal-data",
    (d) => d.put32(d.superblock + journalSuperblock.offsetOf("startBlock"), 1 << 20),
  ],
  ["the first fast commit", "journal-fast-commit", (d) => d.flip(d.fastCommit(tags.tail, 0) + tailRecord.offsetOf("checksum"))],
  [
    "the second fast commit",
    "journal-fast-commit",
    (d) => d.flip(d.fastCommit(tags.tail, 1) + tailRecord.offsetOf("checksum")),
  ],
  ["fast commits of another transaction", "journal-fast-commit", (d) => d.put32(d.fastCommit(tags.head, 0) + 4, 3, true)],
  [
    "fast commits with an unknown feature",
    "journal-fast-commit",
    (d) => {
      d.put32(d.fastCommit(tags.head, 0), 1, true);
      d.repair();
    },
  ],
  [
    "the last commit block ahead of fast commits",
    "journal-fast-commit",
    (d) => d.flip(d.last(commit) + commitBlock.offsetOf("commitNanoseconds")),
  ],
];

/**
 * The kernel refuses to mount for some damages, having replayed nothing, or what precedes the damage, or all but a block. What
 * nomount shows then is what the attempt leaves on a copy, and `stopped` is there exactly where the kernel refuses. Where nomount
 * replays nothing, the attempt must not have changed a byte of the copy.
 */
describeIf(able, "root, loop devices, mkfs.xfs, getfattr, mke2fs, debugfs are needed", "a damaged journal", () => {
  let folder: ReflinkFolder;
  beforeAll(() => {
    folder = openReflinkFolder(2);
  });
  afterAll(() => folder?.close());

  test.for(damages)("%s (%s)", async ([, name, damage]) => {
    const damaged = new Damaged(name === WITH_REVOCATIONS ? byDebugfs(folder.path) : new Uint8Array(fixtureBytes(name)));
    const before = damaged.image.slice();
    damage(damaged);
    expect(Buffer.compare(damaged.image, before), "nothing was damaged").not.toBe(0);
    const file = join(folder.path, "image");
    writeFileSync(file, damaged.image);
    const sizeBytes = damaged.image.length;
    const image: DirtyImage = { file, sizeBytes, kind: { name: "image", make: [], sizeBytes } };
    await expectAgreement(image);
  });
});
