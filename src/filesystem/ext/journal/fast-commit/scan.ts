import { crc32c } from "../../../../bytes/crc32c.ts";
import { hex, NomountError } from "../../../../error.ts";
import type { Log } from "../jbd2/log.ts";
import {
  addRangeRecord,
  deleteRangeRecord,
  headRecord,
  inodeRecord,
  nameRecord,
  recordHeader,
  tags,
  tailRecord,
} from "./layout.ts";

/** Far more than the kernel's area of 256 blocks takes, so that a crafted one cannot fill the memory. */
const MAX_RECORDS = 1 << 20;
const MAX_NAME_BYTES = 255;
const MIN_INODE_BYTES = 128;

export interface FastCommitScan {
  /** How many records, from the first on, belong to fast commits that are whole. */
  readonly records: number;
  readonly commits: number;
}

export const noFastCommits: FastCommitScan = {
  records: 0,
  commits: 0,
};

export interface FastCommitRecord {
  readonly tag: number;
  readonly value: Uint8Array;
}

/**
 * Finds the fast commits that follow transaction `sequence - 1`. Those of an older transaction do not count; a torn end is
 * the end. Throws where the kernel gives up before it has replayed anything: where not even the first is whole, and where they
 * fill their area, past whose end it reads on.
 */
export function scanFastCommits(log: Log, sequence: number, inodeBytes: number): FastCommitScan {
  const { journal } = log;
  let whole = noFastCommits;
  let records = 0;
  let checksum = 0;
  for (let block = journal.fastCommitBlock ?? journal.lengthBlocks; block < journal.lengthBlocks; block++) {
    const bytes = log.block(block, journal.lengthBlocks - block);
    if (block === journal.fastCommitBlock && recordHeader.view(bytes).tag !== tags.head) return whole;
    for (const { tag, value, offset } of recordsIn(bytes)) {
      const stop = (what: string): FastCommitScan => {
        if (whole.records > 0) return whole;
        const where = {
          label: journal.source.label,
          offsetBytes: block * journal.blockBytes + offset,
        };
        const message = `jbd2: the first fast commit after transaction ${sequence - 1} is not whole: ${what}`;
        throw new NomountError("corrupt", message, { where });
      };
      if (value === undefined || !lengthIsPossible(tag, value.length, inodeBytes)) {
        return stop(`expected a record, found tag ${tag}${value === undefined ? " reaching past its block" : ""}`);
      }
      records += 1;
      if (records > MAX_RECORDS) throw unsupported(log, `more than ${MAX_RECORDS} records`);
      if (tag === tags.head) {
        const head = headRecord.view(value);
        if (head.features !== 0) throw unsupported(log, `unknown features ${hex(head.features)}`);
        if (head.sequence !== sequence) return whole;
      }
      if (tag !== tags.tail) {
        checksum = crc32c(bytes.subarray(offset, offset + recordHeader.sizeBytes + value.length), checksum);
        continue;
      }
      const tail = tailRecord.view(value);
      const covered = recordHeader.sizeBytes + tailRecord.offsetOf("checksum");
      checksum = crc32c(bytes.subarray(offset, offset + covered), checksum);
      if (tail.sequence !== sequence || tail.checksum !== checksum) {
        return stop(
          `checksum ${hex(tail.checksum, 8)} of transaction ${tail.sequence}: expected ${hex(checksum, 8)} of ${sequence}`,
        );
      }
      whole = { records, commits: whole.commits + 1 };
      checksum = 0;
    }
  }
  if (journal.fastCommitBlock === undefined) return noFastCommits;
  throw new NomountError("corrupt", "jbd2: fast commits fill their area to its end, behind which Linux expects more", {
    where: { label: journal.source.label },
  });
}

/** The first `count` records of the area. Their values are valid until the next one is asked for. */
export function* readFastCommits(log: Log, count: number): Generator<FastCommitRecord> {
  const { journal } = log;
  let left = count;
  for (let block = journal.fastCommitBlock ?? journal.lengthBlocks; left > 0 && block < journal.lengthBlocks; block++) {
    // A consumer reads the log's other blocks, too: the journal may lie in what it changes.
    for (const { tag, value } of recordsIn(log.block(block, journal.lengthBlocks - block).slice())) {
      if (left === 0 || value === undefined) return;
      left -= 1;
      yield { tag, value };
    }
  }
}

/** The records of a block; one that reaches past the block's end comes without a value and is the last. */
function* recordsIn(bytes: Uint8Array): Generator<{ tag: number; value: Uint8Array | undefined; offset: number }> {
  for (let offset = 0; offset + recordHeader.sizeBytes <= bytes.length; ) {
    const { tag, lengthBytes } = recordHeader.view(bytes, offset);
    const start = offset + recordHeader.sizeBytes;
    const fits = start + lengthBytes <= bytes.length;
    yield {
      tag,
      value: fits ? bytes.subarray(start, start + lengthBytes) : undefined,
      offset,
    };
    if (!fits) return;
    offset = start + lengthBytes;
  }
}

function lengthIsPossible(tag: number, lengthBytes: number, inodeBytes: number): boolean {
  switch (tag) {
    case tags.addRange:
      return lengthBytes === addRangeRecord.sizeBytes;
    case tags.deleteRange:
      return lengthBytes === deleteRangeRecord.sizeBytes;
    case tags.create:
    case tags.link:
    case tags.unlink:
      return lengthBytes > nameRecord.sizeBytes && lengthBytes <= nameRecord.sizeBytes + MAX_NAME_BYTES;
    case tags.inode: {
      const rawBytes = lengthBytes - inodeRecord.sizeBytes;
      return rawBytes >= MIN_INODE_BYTES && rawBytes <= inodeBytes;
    }
    case tags.padding:
      return true;
    case tags.tail:
      return lengthBytes >= tailRecord.sizeBytes;
    case tags.head:
      return lengthBytes === headRecord.sizeBytes;
    default:
      return false;
  }
}

function unsupported(log: Log, what: string): NomountError {
  const where = { label: log.journal.source.label };
  return new NomountError("unsupported", `jbd2: fast commits: ${what}`, { where });
}
