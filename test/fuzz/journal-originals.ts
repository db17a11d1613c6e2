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
import { SUPERBLOCK_OFFSET_BYTES } from "../../src/filesystem/ext/layout.ts";
import { readSuperblock } from "../../src/filesystem/ext/superblock.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { resolve } from "../../src/source/resolve.ts";
import type { Original, Target } from "./fuzz-module.ts";
import { original } from "./originals.ts";
import type { Patched } from "./patched.ts";

/** A dirty filesystem whose mutations go into the journal; with metadata around it, which the recovery reads and changes. */
export function journalOriginal(name: string, bytes: Uint8Array): Original {
  const source = new MemorySource(bytes);
  const superblock = readSuperblock(source);
  const journal = locateJournal({ source, geometry: geometryOf(source, superblock) }, undefined);
  const places = placesOf(journal);
  const targets: Target[] = [
    { name: "superblock", offsetBytes: SUPERBLOCK_OFFSET_BYTES, lengthBytes: 1024 },
    { name: "before the journal", offsetBytes: 0, lengthBytes: places[0] ?? bytes.length, weight: 2 },
    { name: "journal superblock", offsetBytes: places[0] ?? 0, lengthBytes: 0x60, weight: 3 },
  ];
  const blocks = places.flatMap((offsetBytes): Target[] => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + offsetBytes);
    const isLog = view.getUint32(0) === JOURNAL_MAGIC;
    const isFastCommit = view.getUint16(0, true) === tags.head || view.getUint16(0, true) === tags.inode;
    return isLog || isFastCommit ? [{ name: "log", offsetBytes, lengthBytes: isLog ? 256 : journal.blockBytes }] : [];
  });
  const weighted = blocks.map((target) => ({ ...target, weight: 16 / blocks.length }));
  return original(name, bytes, [...targets, ...weighted], (image) => repair(image, journal, places));
}

/** Where each block of the journal lies in the image. */
function placesOf(journal: Journal): readonly number[] {
  const places: number[] = [];
  for (const extent of resolve(journal.source)) {
    if (extent.kind !== "data") continue;
    for (let at = 0; at < extent.lengthBytes; at += journal.blockBytes) places.push(extent.offsetBytes + at);
  }
  return places;
}

/** Checksums of version 3 of the superblock, of descriptors, revocations and commits, and those of fast commits. */
function repair(image: Patched, journal: Journal, places: readonly number[]): void {
  const seeded = journal.checksums === "v3";
  let fastCommit = 0;
  places.forEach((place, i) => {
    if (place + journal.blockBytes > image.bytes.length) return;
    const bytes = image.bytes.slice(place, place + journal.blockBytes);
    const header = blockHeader.view(bytes);
    if (journal.fastCommitBlock !== undefined && i >= journal.fastCommitBlock) {
      fastCommit = repairFastCommits(bytes, fastCommit);
    } else if (header.magic === JOURNAL_MAGIC && seeded) {
      if (i === 0) set(bytes, journalSuperblock.offsetOf("checksum"), 0xffffffff, journalSuperblock.sizeBytes);
      else if (header.blockType === blockTypes.commit) set(bytes, commitBlock.offsetOf("checksum"), journal.checksumSeed);
      else set(bytes, bytes.length - 4, journal.checksumSeed);
    }
    if (Buffer.compare(bytes, image.bytes.subarray(place, place + bytes.length)) !== 0) image.write(place, bytes);
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
  for (let offset = 0; offset + recordHeader.sizeBytes <= bytes.length; ) {
    const { tag, lengthBytes } = recordHeader.view(bytes, offset);
    const end = offset + recordHeader.sizeBytes + lengthBytes;
    if (end > bytes.length) break;
    if (tag === tags.tail && lengthBytes >= tailRecord.sizeBytes) {
      const at = offset + recordHeader.sizeBytes + tailRecord.offsetOf("checksum");
      view.setUint32(at, crc32c(bytes.subarray(offset, at), checksum), true);
      checksum = 0;
    } else {
      checksum = crc32c(bytes.subarray(offset, end), checksum);
    }
    offset = end;
  }
  return checksum;
}
