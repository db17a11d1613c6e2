import { expect, test } from "vitest";
import { tags } from "../../../../src/filesystem/ext/journal/fast-commit/layout.ts";
import { fastCommitRecord, journalBlocks, repairJournal } from "../../../support/journal-blocks.ts";
import { journalGolden, openJournalFixture, pathsOf } from "../../../support/journal-fixture.ts";

// What the kernel makes of each of these is compared in test/oracle/journal/refused.oracle.ts.

test("a journal that the kernel refuses before it replays anything leaves the disk as it lies, and says why", () => {
  const { fileSystem } = openJournalFixture("journal-ordered", {}, (image) => {
    const { places } = journalBlocks(image);
    const superblock = places[0] ?? 0;
    image[superblock + 0x30] = (image[superblock + 0x30] ?? 0) ^ 1;
  });
  const asItLies = openJournalFixture("journal-ordered", { replay: false }).fileSystem;
  expect(pathsOf(fileSystem)).toEqual(pathsOf(asItLies));
  expect(fileSystem.state.clean).toBe(false);
  expect(fileSystem.state.warning).toMatch(
    /^its journal cannot be replayed, and its own kernel would not mount it: jbd2: journal superblock: checksum: expected 0x/,
  );
  expect(fileSystem.state.journal?.summary).toMatch(/^dirty; not replayed: jbd2: journal superblock: checksum/);
  expect(fileSystem.state.journal?.replayed).toBe(false);
});

test.each([
  ["the first fast commit is torn", tags.tail, 0, 4, /^dirty; not replayed: jbd2: the first fast commit after transaction 5 /],
  ["a later fast commit is torn", tags.tail, 1, 4, /^dirty, 4 transactions, 1 fast commit, .* replayed in memory; \d+ orphans/],
  ["fast commits are of another transaction", tags.head, 0, 4, /^dirty, 4 transactions, \d+ blocks; replayed in memory; \d+/],
  ["fast commits have an unknown feature", tags.head, 0, 0, /^dirty; not replayed: jbd2: fast commits: unknown features 0x1 /],
])("where %s, nomount does what the kernel does", (_, kind, index, offset, summary) => {
  const { fileSystem } = openJournalFixture("journal-fast-commit", {}, (image) => {
    const place = fastCommitRecord(image, kind, index) + offset;
    image[place] = (image[place] ?? 0) ^ 1;
  });
  expect(fileSystem.state.journal?.summary).toMatch(summary);
});

test("a range of an inode without extents is passed over; the kernel then knows of errors, and leaves orphans alone", () => {
  const device = journalGolden("journal-fast-commit").entries.find(({ kind }) => kind === "block");
  const { fileSystem } = openJournalFixture("journal-fast-commit", {}, (image) => {
    new DataView(image.buffer).setUint32(fastCommitRecord(image, tags.addRange, 0), device?.inode ?? 0, true);
    repairJournal(image, journalBlocks(image));
  });
  expect(fileSystem.state.journal?.summary).toMatch(/^dirty, 4 transactions, 3 fast commits, \d+ blocks; replayed in memory$/);
  expect(fileSystem.node(device?.inode ?? 0).kind).toBe("block");
});

test("fast commits that fill their area are not replayed: Linux reads on behind its end", () => {
  const { fileSystem } = openJournalFixture("journal-fast-commit", {}, (image) => {
    const { journal, places } = journalBlocks(image);
    // Each block behind the last one that is used: a record of padding, which continues the fast commits.
    const lastTail = fastCommitRecord(image, tags.tail, 2);
    for (const place of places.slice(journal.fastCommitBlock)) {
      if (place < lastTail) continue;
      const view = new DataView(image.buffer, place);
      view.setUint16(0, tags.padding, true);
      view.setUint16(2, journal.blockBytes - 4, true);
    }
  });
  expect(fileSystem.state.journal?.summary).toMatch(/^dirty; not replayed: jbd2: fast commits fill their area to its end/);
});
