import { crc32Msb } from "../../../../bytes/crc32-msb.ts";
import { NomountError } from "../../../../error.ts";
import { commitIsRight, tailIsRight } from "./checksum.ts";
import { CHECKSUM_CRC32, CHECKSUM_CRC32_BYTES, commitBlock } from "./layout.ts";
import type { Cursor, Log, LogBlock } from "./log.ts";

/** What a log holds, as the kernel's first pass over it finds. */
export interface Scan {
  /** The first transaction that is not to be replayed. */
  readonly endSequence: number;
  /** A transaction whose commit block is damaged: the kernel replays what precedes it, and then refuses to mount. */
  readonly failure: NomountError | undefined;
}

/**
 * Finds the end of the log: the first block that does not continue it, or the first transaction whose checksums are wrong
 * and which cannot be a remnant of an earlier round. Throws `corrupt` where the kernel gives up before it has replayed anything:
 * for a damaged block of descriptors or revocations, since its transaction may be any.
 */
export function scan(log: Log): Scan {
  const { journal } = log;
  const v1 = journal.checksums === "v1";
  const cursor: Cursor = { sequence: journal.sequence, block: 0 };
  let endSequence = 0;
  let failure: NomountError | undefined;
  let v1Checksum = 0xffffffff;
  let lastCommitSeconds = 0n;
  /** A descriptor or revoke block was wrong: the commit's time tells whether it is damaged or old. */
  let suspect: LogBlock | undefined;

  const damaged = (what: string, block: number) =>
    new NomountError("corrupt", `jbd2: transaction ${cursor.sequence}: ${what} in journal block ${block} is wrong`, {
      where: {
        label: journal.source.label,
        offsetBytes: block * journal.blockBytes,
      },
    });

  for (const found of log.walk(cursor)) {
    if (found.kind !== "commit") {
      if (!tailIsRight(journal, found.bytes)) suspect = found;
      if (found.kind === "descriptor" && v1 && suspect === undefined && endSequence === 0) {
        v1Checksum = addToV1(log, found, v1Checksum);
      }
      continue;
    }
    const commit = commitBlock.view(found.bytes);
    const isOlder = commit.commitSeconds < lastCommitSeconds;
    if (suspect !== undefined) {
      if (!isOlder) throw damaged(`the checksum of the ${suspect.kind} block`, suspect.block);
      break;
    }
    let right = commitIsRight(journal, found.bytes);
    if (v1) {
      if (endSequence !== 0) {
        failure = damaged(`a commit block follows transaction ${endSequence}, whose checksum`, found.block);
        continue;
      }
      right = v1IsRight(found.bytes, v1Checksum);
      if (right) v1Checksum = 0xffffffff;
    }
    if (!right) {
      if (isOlder) break;
      endSequence = cursor.sequence;
      if (!journal.asyncCommit) {
        failure = damaged("the checksum of the commit block", found.block);
        continue;
      }
    }
    lastCommitSeconds = commit.commitSeconds;
    cursor.sequence = (cursor.sequence + 1) >>> 0;
  }
  return {
    endSequence: endSequence === 0 ? cursor.sequence : endSequence,
    failure,
  };
}

/** Version 1 sums up the descriptor block and every block that it describes. */
function addToV1(log: Log, descriptor: Extract<LogBlock, { kind: "descriptor" }>, checksum: number): number {
  let sum = crc32Msb(descriptor.bytes, checksum);
  let block = descriptor.firstDataBlock;
  for (let left = descriptor.tags; left > 0; left--) {
    sum = crc32Msb(log.block(block, left), sum);
    block = log.after(block);
  }
  return sum;
}

/** Right, or not there at all. */
function v1IsRight(block: Uint8Array, expected: number): boolean {
  const { checksum, checksumType, checksumBytes } = commitBlock.view(block);
  if (checksumType === 0 && checksumBytes === 0 && checksum === 0) return true;
  return checksum === expected && checksumType === CHECKSUM_CRC32 && checksumBytes === CHECKSUM_CRC32_BYTES;
}
