import fc from "fast-check";
import { expect, test } from "vitest";
import { Log } from "../../../../src/filesystem/ext/journal/jbd2/log.ts";
import { replay } from "../../../../src/filesystem/ext/journal/jbd2/replay.ts";
import { readRevocations } from "../../../../src/filesystem/ext/journal/jbd2/revocations.ts";
import { scan } from "../../../../src/filesystem/ext/journal/jbd2/scan.ts";
import { openJournal } from "../../../../src/filesystem/ext/journal/jbd2/superblock.ts";
import { MemorySource } from "../../../../src/source/memory.ts";
import { OverlaySource } from "../../../../src/source/overlay.ts";
import { type LogForm, makeLog, type Transaction } from "../../../support/journal-log.ts";

const BLOCKS = 64;

function recovered(log: Uint8Array, blockBytes: number) {
  const journal = openJournal(new MemorySource(log, "journal"), blockBytes);
  const overlay = new OverlaySource(new MemorySource(new Uint8Array(BLOCKS * blockBytes), "disk"), {
    unitBytes: blockBytes,
    donor: journal.source,
  });
  const reader = new Log(journal);
  const { endSequence, failure } = scan(reader);
  const result = replay(reader, endSequence, readRevocations(reader, endSequence), overlay);
  const disk = new Uint8Array(overlay.sizeBytes);
  overlay.readSync(disk, 0);
  return { ...result, failure: result.failure ?? failure, disk, overlay };
}

/** What jbd2 promises: the last copy of each block that no revocation of its own or a later transaction voids. */
function model(transactions: readonly Transaction[], blockBytes: number): Uint8Array {
  const disk = new Uint8Array(BLOCKS * blockBytes);
  const last = new Map<number, Uint8Array>();
  transactions.forEach(({ blocks }, i) => {
    for (const [block, bytes] of blocks) {
      if (!transactions.slice(i).some(({ revokes }) => revokes.includes(block))) last.set(block, bytes);
    }
  });
  for (const [block, bytes] of last) disk.set(bytes, block * blockBytes);
  return disk;
}

const form: fc.Arbitrary<LogForm> = fc.record({
  blockBytes: fc.constantFrom(1024, 4096, 65536),
  checksums: fc.constantFrom("none" as const, "v1" as const, "v2" as const, "v3" as const),
  is64Bit: fc.boolean(),
  asyncCommit: fc.boolean(),
  // Near the ring's end, and near the end of the transaction numbers.
  startBlock: fc.constantFrom(1, 700, 1000, 1023),
  sequence: fc.constantFrom(1, 77, 0xfffffffe),
});

const transactions = fc.array(
  fc.record({
    revokes: fc.array(fc.nat(BLOCKS - 1), { maxLength: 5 }),
    blocks: fc.uniqueArray(fc.tuple(fc.nat(BLOCKS - 1), fc.nat(255), fc.boolean()), {
      selector: ([block]) => block,
      maxLength: 50,
    }),
  }),
  { minLength: 1, maxLength: 6 },
);

test("every form of log leaves the last copy of each block that was not revoked", () => {
  fc.assert(
    fc.property(form, transactions, (logForm, drafts) => {
      const filled = drafts.map(({ revokes, blocks }) => ({
        revokes,
        blocks: blocks.map(([block, fill, escaped]) => {
          const bytes = new Uint8Array(logForm.blockBytes).fill(fill);
          if (escaped) bytes.set([0xc0, 0x3b, 0x39, 0x98]);
          return [block, bytes] as const;
        }),
      }));
      const { disk, transactions: count, failure } = recovered(makeLog(logForm, filled), logForm.blockBytes);
      expect(failure).toBeUndefined();
      expect(count).toBe(filled.length);
      expect(Buffer.compare(disk, model(filled, logForm.blockBytes))).toBe(0);
    }),
    { numRuns: 60 },
  );
});

const three: readonly Transaction[] = [1, 2, 3].map((n) => ({
  revokes: [40],
  blocks: [
    [n, new Uint8Array(1024).fill(n)],
    [10, new Uint8Array(1024).fill(16 * n)],
  ],
}));
const plain: LogForm = { blockBytes: 1024, checksums: "v3", is64Bit: true, startBlock: 1, sequence: 7 };
/** Of the second transaction: revocations in block 6, descriptor 7, copies 8 and 9, commit 10. */
const [REVOKE, DESCRIPTOR, COPY, COMMIT] = [6, 7, 8, 10];

function damaged(logForm: LogForm, block: number, offset = 700) {
  const log = makeLog(logForm, three);
  const at = block * 1024 + offset;
  log[at] = (log[at] ?? 0) ^ 1;
  return recovered(log, 1024);
}

function firstBytes({ disk }: { disk: Uint8Array }): number[] {
  return [1, 2, 3, 10].map((block) => disk[block * 1024] ?? -1);
}

test("a commit block with a wrong checksum: what precedes it is shown, and named", () => {
  const result = damaged(plain, COMMIT, 0x14 - 4);
  expect(firstBytes(result)).toEqual([1, 0, 0, 16]);
  expect(result.failure?.message).toBe(
    "jbd2: transaction 8: the checksum of the commit block in journal block 10 is wrong (journal, byte 0x2800)",
  );
});

test("of a commit block only the first 64 bytes count, as in the kernel", () => {
  const result = damaged(plain, COMMIT, 700);
  expect(firstBytes(result)).toEqual([1, 2, 3, 48]);
  expect(result.failure).toBeUndefined();
});

test("a descriptor with a wrong checksum: the kernel replays nothing", () => {
  expect(() => damaged(plain, DESCRIPTOR)).toThrow(
    "jbd2: transaction 8: the checksum of the descriptor block in journal block 7 is wrong (journal, byte 0x1c00)",
  );
});

test("a revocation block with a wrong checksum: the kernel replays nothing", () => {
  expect(() => damaged(plain, REVOKE)).toThrow(
    "jbd2: transaction 8: the checksum of the revoke block in journal block 6 is wrong (journal, byte 0x1800)",
  );
});

test("a copy with a wrong checksum is left out alone, as in the kernel", () => {
  const result = damaged(plain, COPY);
  expect(firstBytes(result)).toEqual([1, 0, 3, 48]);
  expect(result.failure?.message).toMatch(
    /^jbd2: transaction 8: the checksum of the copy of block 2 in journal block 8 is wrong/,
  );
});

test("a copy that is revoked later may have a wrong checksum", () => {
  const revoking = [...three, { revokes: [2], blocks: [] }];
  const log = makeLog(plain, revoking);
  log[COPY * 1024 + 9] = 0xee;
  const result = recovered(log, 1024);
  expect(firstBytes(result)).toEqual([1, 0, 3, 48]);
  expect(result.failure).toBeUndefined();
  expect(result.revokedCopies).toBe(1);
});

test("checksums of version 1 cover the copies: a wrong one ends the log before its transaction", () => {
  const result = damaged({ ...plain, checksums: "v1" }, COPY);
  expect(firstBytes(result)).toEqual([1, 0, 0, 16]);
  expect(result.failure?.message).toMatch(
    /^jbd2: transaction 8: the checksum of the commit block in journal block 10 is wrong/,
  );
});

test("with asynchronous commits the last transaction may be torn", () => {
  const log = makeLog({ ...plain, checksums: "v1", asyncCommit: true }, three);
  log[13 * 1024 + 500] = 0xee;
  const result = recovered(log, 1024);
  expect(firstBytes(result)).toEqual([1, 2, 0, 32]);
  expect(result.failure).toBeUndefined();
});

test("a transaction without its commit block is not replayed", () => {
  const log = makeLog({ ...plain, checksums: "none" }, three);
  log.fill(0, COMMIT * 1024, (COMMIT + 1) * 1024);
  const result = recovered(log, 1024);
  expect(firstBytes(result)).toEqual([1, 0, 0, 16]);
  expect(result.failure).toBeUndefined();
});

test("remains of an earlier round with a wrong checksum are no damage: their commit is older", () => {
  const log = makeLog(plain, three);
  const view = new DataView(log.buffer);
  log[DESCRIPTOR * 1024 + 700] = 1;
  view.setBigUint64(COMMIT * 1024 + 0x30, 5n);
  const result = recovered(log, 1024);
  expect(firstBytes(result)).toEqual([1, 0, 0, 16]);
  expect(result.failure).toBeUndefined();
});

test("a copy costs no memory, an escaped one its block", () => {
  const escaped = new Uint8Array(1024).fill(5);
  escaped.set([0xc0, 0x3b, 0x39, 0x98]);
  const { overlay } = recovered(makeLog(plain, [...three, { revokes: [], blocks: [[4, escaped]] }]), 1024);
  expect([overlay.changedUnits, overlay.bytesInMemory]).toEqual([5, 1024]);
});

test("a log that leads in a circle ends", () => {
  const log = makeLog({ ...plain, checksums: "none" }, three);
  // All of the ring says that it is a descriptor of the same transaction, without tags.
  for (let block = 1; block < 1024; block++) {
    log.fill(0, block * 1024, (block + 1) * 1024);
    new DataView(log.buffer).setUint32(block * 1024, 0xc03b3998);
    new DataView(log.buffer).setUint32(block * 1024 + 4, 5);
    new DataView(log.buffer).setUint32(block * 1024 + 8, 7);
  }
  expect(() => recovered(log, 1024)).toThrow("jbd2: transaction 7 has no end: the log leads in a circle (journal)");
});

test.each([
  [0x00, 1, "jbd2: journal superblock: magic: expected 0xc03b3998, found 0x"],
  [0x07, 9, "jbd2: journal superblock: blockType: expected 3 or 4, found 9"],
  [0x0e, 9, "jbd2: journal superblock: blockBytes: expected 1024, found 2304"],
  [0x11, 9, "jbd2: journal superblock: lengthBlocks: expected at most 1024, found 590848"],
  [0x17, 0, "jbd2: journal superblock: firstBlock: expected 1 to 1023, found 0"],
  [0x28, 9, "jbd2: journal superblock: unknown features: incompat 0x9000000, ro_compat 0x0"],
  [0x2b, 0x1b, "jbd2: journal superblock: featureIncompat: expected one version of checksums, found 0x1b"],
  [0x50, 3, "jbd2: journal superblock: checksumType: expected 4, found 3"],
  [0x60, 3, "jbd2: journal superblock: checksum: expected 0x"],
])("a superblock that is wrong at byte %d is refused by name", (offset, value, message) => {
  const log = makeLog(plain, three);
  log[offset] = value;
  expect(() => openJournal(new MemorySource(log, "journal"), 1024)).toThrow(message);
});
