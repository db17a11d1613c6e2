import { crc32c } from "../../src/bytes/crc32c.ts";
import { recordHeader, tags, tailRecord } from "../../src/filesystem/ext/journal/fast-commit/layout.ts";
import {
  blockHeader,
  blockTypes,
  commitBlock,
  JOURNAL_MAGIC,
  journalSuperblock,
} from "../../src/filesystem/ext/journal/jbd2/layout.ts";
import type { Journal } from "../../src/filesystem/ext/journal/jbd2/superblock.ts";
import { locateJournal } from "../../src/filesystem/ext/journal/locate.ts";
import { geometryOf } from "../../src/filesystem/ext/journal/metadata/geometry.ts";
import { readSuperblock } from "../../src/filesystem/ext/superblock.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { resolve } from "../../src/source/resolve.ts";

/** A journal in an image, to be damaged with aim. */
export interface JournalBlocks {
  readonly journal: Journal;
  /** Where each block of the journal lies in the image. */
  readonly places: readonly number[];
}

export function journalBlocks(image: Uint8Array): JournalBlocks {
  const source = new MemorySource(image);
  const journal = locateJournal({ source, geometry: geometryOf(source, readSuperblock(source)) }, undefined);
  const places: number[] = [];
  for (const extent of resolve(journal.source)) {
    if (extent.kind !== "data") continue;
    for (let at = 0; at < extent.lengthBytes; at += journal.blockBytes) places.push(extent.offsetBytes + at);
  }
  return { journal, places };
}

/** Makes right the checksums of version 3 of the superblock, of descriptors, revocations and commits, and those of fast commits. */
export function repairJournal(
  image: Uint8Array,
  { journal, places }: JournalBlocks,
  write: (place: number, bytes: Uint8Array) => void = (place, bytes) => image.set(bytes, place),
): void {
  const seeded = journal.checksums === "v3";
  let fastCommit = 0;
  places.forEach((place, i) => {
    if (place + journal.blockBytes > image.length) return;
    const bytes = image.slice(place, place + journal.blockBytes);
    const header = blockHeader.view(bytes);
    if (journal.fastCommitBlock !== undefined && i >= journal.fastCommitBlock) {
      fastCommit = repairFastCommits(bytes, fastCommit);
    } else if (header.magic === JOURNAL_MAGIC && seeded) {
      if (i === 0) set(bytes, journalSuperblock.offsetOf("checksum"), 0xffffffff, journalSuperblock.sizeBytes);
      else if (header.blockType === blockTypes.commit) set(bytes, commitBlock.offsetOf("checksum"), journal.checksumSeed);
      else set(bytes, bytes.length - 4, journal.checksumSeed);
    }
    if (Buffer.compare(bytes, image.subarray(place, place + bytes.length)) !== 0) write(place, bytes);
  });
}

function set(bytes: Uint8Array, offset: number, seed: number, lengthBytes = bytes.length): void {
  bytes.fill(0, offset, offset + 4);
  const checksum = crc32c(bytes.subarray(0, lengthBytes), seed);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(offset, checksum);
}

function repairFastCommits(bytes: Uint8Array, before: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let checksum = before;
  for (const { tag, offset, end } of recordsIn(bytes)) {
    if (tag === tags.tail && end - offset >= recordHeader.sizeBytes + tailRecord.sizeBytes) {
      const at = offset + recordHeader.sizeBytes + tailRecord.offsetOf("checksum");
      view.setUint32(at, crc32c(bytes.subarray(offset, at), checksum), true);
      checksum = 0;
    } else {
      checksum = crc32c(bytes.subarray(offset, end), checksum);
    }
  }
  return checksum;
}

/** Where in the image the value of the `index`-th fast-commit record of a kind lies. Throws where there are fewer. */
export function fastCommitRecord(image: Uint8Array, kind: number, index: number): number {
  const { journal, places } = journalBlocks(image);
  const found = places.slice(journal.fastCommitBlock).flatMap((place) => {
    const records = [...recordsIn(image.subarray(place, place + journal.blockBytes))];
    return records.filter(({ tag }) => tag === kind).map(({ offset }) => place + offset + recordHeader.sizeBytes);
  });
  const place = found[index];
  if (place === undefined) throw new Error(`there are ${found.length} fast-commit records of kind ${kind}`);
  return place;
}

/** The records of a block of fast commits, by their places in it. */
function* recordsIn(bytes: Uint8Array): Generator<{ tag: number; offset: number; end: number }> {
  for (let offset = 0; offset + recordHeader.sizeBytes <= bytes.length; ) {
    const { tag, lengthBytes } = recordHeader.view(bytes, offset);
    const end = offset + recordHeader.sizeBytes + lengthBytes;
    if (end > bytes.length) return;
    yield { tag, offset, end };
    offset = end;
  }
}
