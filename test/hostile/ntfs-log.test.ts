import { describe, expect, test } from "vitest";
import { ntfs } from "../../src/filesystem/ntfs/driver.ts";
import { OPERATION } from "../../src/filesystem/ntfs/log/operations.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { bytesOf } from "../support/ntfs-image.ts";
import type { Entry, LogBuilder } from "../support/ntfs-log/builder.ts";
import { LoggedVolume } from "../support/ntfs-log/volume.ts";

/** A damaged log stops the replay, the record is named, and the volume is shown as it lies. */
const volume = new LoggedVolume();
const number = volume.image.id("/data/resident");
const target = volume.record(number);
const recordOffset = volume.attributeOffset(number, 0x80);
const attributeOffset = target.bytes.readUInt16LE(recordOffset + 20);
const { updateResidentValue: update, noop } = OPERATION;
const capitals: Entry = {
  ...target.entry,
  recordOffset,
  attributeOffset,
  redo: [update, Buffer.from("TINY")],
  undo: [update, Buffer.from("tiny")],
};

/** Opens the volume with the log: its content and what is said of the log. */
function shown(log: Buffer): { content: string; summary: string; warning: string | undefined } {
  const fileSystem = ntfs.open(new MemorySource(volume.withLog(log), "hostile"));
  const { journal, warning } = fileSystem.state;
  const content = bytesOf(fileSystem.content(resolvePath(fileSystem, "/data/resident").node.id)).toString();
  return { content, summary: journal?.summary ?? "", warning };
}

function logWith(write: (log: LogBuilder) => void): Buffer {
  const log = volume.log();
  log.add(capitals);
  log.forget();
  write(log);
  return log.build();
}

const one = (entry: Partial<Entry>) => (log: LogBuilder) => {
  log.add({ ...capitals, ...entry });
  log.forget();
};

const stops: readonly (readonly [string, (log: LogBuilder) => void, RegExp])[] = [
  [
    "an operation that nobody has described",
    one({ redo: [0x23, Buffer.alloc(8)] }),
    /record 0x\w+ \(UpdateRelativeDataInIndex\): no public description tells/,
  ],
  ["an operation that does not exist", one({ redo: [0x77] }), /record 0x\w+ \(operation 0x77\): no public description tells/],
  [
    "an attribute that is not open",
    one({ attribute: 0x4000 }),
    /\(UpdateResidentValue\): attribute 16384 is not in the table of open ones/,
  ],
  [
    "clusters past the volume's end",
    one({ lcns: [900_000], vcn: 500 }),
    /\(UpdateResidentValue\): cluster 900000 is past the volume's 4095/,
  ],
  ["a FILE record where none is", one({ lcns: [3000], vcn: 500 }), /\(UpdateResidentValue\): the FILE record is torn, or none/],
  [
    "an attribute where none begins",
    one({ recordOffset: recordOffset + 8 }),
    /\(UpdateResidentValue\): no attribute begins at 352 of the FILE record/,
  ],
  [
    "a value longer than its attribute",
    one({ redo: [update, Buffer.alloc(200)], undo: [update, Buffer.alloc(200)] }),
    /\(UpdateResidentValue\): a value up to 224 in an attribute of 32 bytes/,
  ],
  [
    "an attribute with no room for it",
    one({ redo: [update, Buffer.alloc(660)] }),
    /no room to make an attribute of 32 bytes one of 688/,
  ],
  [
    "an undo that leads forward",
    (log) => log.add({ ...capitals, undoNextLsn: log.lastLsn + 1000n }),
    /\(UpdateResidentValue\) leads forward to be undone/,
  ],
  [
    "bits that are not in the clusters",
    one({
      ...volume.bitmap().entry,
      recordOffset: 0,
      attributeOffset: 0,
      redo: [OPERATION.setBits, Buffer.alloc(8, 0xff)],
      undo: [noop],
    }),
    /\(SetBitsInNonresidentBitMap\): bits 4294967295 to 8589934590 are not in the clusters/,
  ],
  [
    "a record that is no FILE record",
    one({ recordOffset: 0, attributeOffset: 0, redo: [OPERATION.initializeFileRecord, Buffer.from("GILE")], undo: [noop] }),
    /\(InitializeFileRecordSegment\): what it writes is no FILE record/,
  ],
  [
    "an attribute that leaves a record that cannot be read",
    one({ attributeOffset: 4, redo: [update, Buffer.from([0x70])], undo: [update, Buffer.alloc(1)] }),
    /record 0x\w+ \(UpdateResidentValue\) leaves a FILE record: /,
  ],
];

describe("a log that", () => {
  test("is sound is replayed", () => {
    expect(shown(logWith(() => {})).content).toBe("TINY");
  });

  test.each(stops)("has %s: stops there, and changes nothing", (_, write, message) => {
    const { content, summary, warning } = shown(logWith(write));
    expect(summary).toMatch(/^dirty, version 1\.1; not replayed; stopped: ntfs: \$LogFile: /);
    expect(summary).toMatch(message);
    expect(warning).toMatch(message);
    expect(content).toBe("tiny");
  });
});

describe("a log page that is torn", () => {
  /** Where the pages are that hold what comes behind the checkpoint, of three pages. */
  function long(): { log: Buffer; pages: readonly number[] } {
    const builder = volume.log();
    const first = builder.ring.page;
    builder.add(capitals);
    builder.forget();
    while (builder.ring.page < first + 3) builder.forget();
    return { log: builder.build(), pages: [first, first + 1, first + 2, first + 3].map((page) => page * 4096) };
  }

  test("in the middle: the pages behind it were written later, so it is a damage", () => {
    const { log, pages } = long();
    const at = (pages[1] ?? 0) + 510;
    log[at] = (log[at] ?? 0) ^ 1;
    const { content, summary } = shown(log);
    expect(summary).toMatch(/log page at 0x\w+ is torn or missing, though the one at 0x\w+ was written after it/);
    expect(content).toBe("tiny");
  });

  test("at the end: its copy is used", () => {
    const { log, pages } = long();
    const at = (pages[3] ?? 0) + 510;
    log[at] = (log[at] ?? 0) ^ 1;
    expect(shown(log)).toMatchObject({ content: "TINY", warning: undefined });
  });

  test("at the end, with its copies: the log ends before it, as it does where the last write was cut off", () => {
    const { log, pages } = long();
    for (const page of [pages[3] ?? 0, 2 * 4096, 3 * 4096]) log[page + 510] = (log[page + 510] ?? 0) ^ 1;
    expect(shown(log)).toMatchObject({ content: "TINY", warning: undefined });
  });
});
