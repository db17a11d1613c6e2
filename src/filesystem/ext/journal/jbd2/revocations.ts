import { NomountError } from "../../../../error.ts";
import { revokeHeader } from "./layout.ts";
import { type Cursor, isAtOrAfter, type Log } from "./log.ts";
import { hasTail, readTags } from "./tags.ts";

/** Copies of a block in this transaction and earlier ones are void: the block was freed and may hold file data since. */
export type Revocations = ReadonlyMap<number, number>;

/**
 * The last revocation of each block that the log also holds a copy of; a log can name far more, which do not matter. Throws
 * `corrupt` where the kernel gives up before it has replayed anything.
 */
export function readRevocations(log: Log, endSequence: number): Revocations {
  const { journal } = log;
  const held = new Set<number>();
  const revocations = new Map<number, number>();
  const cursor: Cursor = { sequence: journal.sequence, block: 0 };
  /** Of the current transaction: they come ahead of the descriptors whose blocks they void. */
  let revokes: Uint8Array[] = [];
  if (isAtOrAfter(cursor.sequence, endSequence)) return revocations;
  for (const found of log.walk(cursor)) {
    if (found.kind === "descriptor") {
      for (const tag of readTags(journal, found.bytes)) held.add(tag.block);
    } else if (found.kind === "revoke") {
      checkUsedBytes(log, found.bytes, found.block);
      revokes.push(found.bytes);
    } else {
      for (const bytes of revokes) {
        for (const block of revokedBlocks(bytes, journal.is64Bit)) if (held.has(block)) revocations.set(block, cursor.sequence);
      }
      revokes = [];
      cursor.sequence = (cursor.sequence + 1) >>> 0;
      if (isAtOrAfter(cursor.sequence, endSequence)) break;
    }
  }
  return revocations;
}

function* revokedBlocks(bytes: Uint8Array, is64Bit: boolean): Generator<number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = revokeHeader.view(bytes).usedBytes;
  const recordBytes = is64Bit ? 8 : 4;
  for (let at: number = revokeHeader.sizeBytes; at + recordBytes <= end; at += recordBytes) {
    yield is64Bit ? view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4) : view.getUint32(at);
  }
}

function checkUsedBytes(log: Log, bytes: Uint8Array, block: number): void {
  const { usedBytes } = revokeHeader.view(bytes);
  const most = bytes.length - (hasTail(log.journal) ? 4 : 0);
  if (usedBytes <= most) return;
  const { source, blockBytes } = log.journal;
  throw new NomountError("corrupt", `jbd2: revocation block: used bytes: expected at most ${most}, found ${usedBytes}`, {
    where: {
      label: source.label,
      offsetBytes: block * blockBytes + revokeHeader.offsetOf("usedBytes"),
    },
  });
}
