import { NomountError } from "../../../../error.ts";
import type { OverlaySource } from "../../../../source/overlay.ts";
import { dataIsRight } from "./checksum.ts";
import { JOURNAL_MAGIC } from "./layout.ts";
import { type Cursor, isAtOrAfter, type Log, type LogBlock } from "./log.ts";
import type { Revocations } from "./revocations.ts";
import { hasTail, readTags } from "./tags.ts";

export interface Replay {
  readonly transactions: number;
  /** Copies that were left out because their block was revoked later. */
  readonly revokedCopies: number;
  /** Why the kernel refuses to mount afterwards. */
  readonly failure: NomountError | undefined;
  /** Whether the log was followed to its end, as behind a copy with a wrong checksum, which is merely left out. */
  readonly isWhole: boolean;
}

/**
 * Makes the overlay show every block as the log's last valid copy of it. The overlay's units are filesystem blocks and its
 * donor is the journal's source, so a copy costs no memory unless it was escaped.
 */
export function replay(log: Log, endSequence: number, revocations: Revocations, overlay: OverlaySource): Replay {
  const { journal } = log;
  const cursor: Cursor = { sequence: journal.sequence, block: 0 };
  let transactions = 0;
  let revokedCopies = 0;
  let failure: NomountError | undefined;
  if (isAtOrAfter(cursor.sequence, endSequence)) return { transactions, revokedCopies, failure, isWhole: true };
  for (const found of log.walk(cursor)) {
    if (found.kind === "descriptor") {
      const result = replayDescriptor(log, found, cursor.sequence, revocations, overlay);
      revokedCopies += result.revokedCopies;
      failure ??= result.failure;
      if (!result.isWhole) return { transactions, revokedCopies, failure, isWhole: false };
    } else if (found.kind === "commit") {
      transactions += 1;
      cursor.sequence = (cursor.sequence + 1) >>> 0;
      if (isAtOrAfter(cursor.sequence, endSequence)) break;
    }
  }
  return { transactions, revokedCopies, failure, isWhole: true };
}

function replayDescriptor(
  log: Log,
  descriptor: Extract<LogBlock, { kind: "descriptor" }>,
  sequence: number,
  revocations: Revocations,
  overlay: OverlaySource,
): Omit<Replay, "transactions"> {
  const { journal } = log;
  let revokedCopies = 0;
  let failure: NomountError | undefined;
  let block = descriptor.firstDataBlock;
  let left = descriptor.tags;
  for (const tag of readTags(journal, descriptor.bytes)) {
    const revoked = revocations.get(tag.block);
    if (revoked !== undefined && isAtOrAfter(revoked, sequence)) {
      revokedCopies += 1;
    } else if (hasTail(journal) && !dataIsRight(journal, tag, sequence, log.block(block, left))) {
      failure ??= new NomountError(
        "corrupt",
        `jbd2: transaction ${sequence}: the checksum of the copy of block ${tag.block} in journal block ${block} is wrong`,
        {
          where: {
            label: journal.source.label,
            offsetBytes: block * journal.blockBytes,
          },
        },
      );
    } else {
      const wrongBlock = checkBlock(log, tag.block, overlay, descriptor.block);
      if (wrongBlock !== undefined) return { revokedCopies, failure: failure ?? wrongBlock, isWhole: false };
      overlay.remap(tag.block, block * journal.blockBytes);
      if (tag.escaped) overlay.write(magicBytes(), tag.block * journal.blockBytes);
    }
    block = log.after(block);
    left -= 1;
  }
  return { revokedCopies, failure, isWhole: true };
}

/** The kernel stops where a block is not on the device; what came before stays replayed. */
function checkBlock(log: Log, block: number, overlay: OverlaySource, descriptorBlock: number): NomountError | undefined {
  const blocks = Math.floor(overlay.sizeBytes / overlay.unitBytes);
  if (block < blocks) return undefined;
  const { source, blockBytes } = log.journal;
  return new NomountError("corrupt", `jbd2: descriptor block: block number: expected below ${blocks}, found ${block}`, {
    where: { label: source.label, offsetBytes: descriptorBlock * blockBytes },
  });
}

function magicBytes(): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, JOURNAL_MAGIC);
  return bytes;
}
