import { NomountError } from "../../../../error.ts";
import { blockHeader, blockTypes, JOURNAL_MAGIC } from "./layout.ts";
import type { Journal } from "./superblock.ts";
import { countTags } from "./tags.ts";

/** The log is read in pieces of this size where many blocks in a row are wanted. */
const WINDOW_BYTES = 1 << 20;

/** The ring of blocks that a journal is. */
export class Log {
  readonly journal: Journal;
  #window = new Uint8Array();
  #windowBlock = 0;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  /**
   * One block; valid until the next call. `ahead` says how many blocks from it on will be asked for. Throws `corrupt` beyond
   * the journal's end.
   */
  block(block: number, ahead = 1): Uint8Array {
    const { blockBytes, lengthBlocks, source } = this.journal;
    if (block >= lengthBlocks) {
      throw new NomountError("corrupt", `jbd2: journal block ${block} is wanted: expected below ${lengthBlocks}`, {
        where: { label: source.label },
      });
    }
    const inWindow = (block - this.#windowBlock) * blockBytes;
    if (inWindow >= 0 && inWindow < this.#window.length) return this.#window.subarray(inWindow, inWindow + blockBytes);
    const blocks = Math.max(1, Math.min(ahead, Math.floor(WINDOW_BYTES / blockBytes), lengthBlocks - block));
    const window = new Uint8Array(blocks * blockBytes);
    source.readSync(window, block * blockBytes);
    this.#window = window;
    this.#windowBlock = block;
    return window.subarray(0, blockBytes);
  }

  /** The block `count` blocks further along the ring. */
  after(block: number, count = 1): number {
    const { firstBlock, endBlock } = this.journal;
    const next = block + count;
    return next >= endBlock ? next - (endBlock - firstBlock) : next;
  }

  /**
   * Walks the log from its oldest block for as long as blocks belong to the expected transaction. What ends it is the
   * consumer's `return`, a block of something else, or, since a damaged log can lead in circles, as many steps as the
   * journal has blocks: that throws `corrupt`.
   */
  *walk(expected: Cursor): Generator<LogBlock> {
    const { startBlock, lengthBlocks, source } = this.journal;
    expected.block = startBlock;
    for (let steps = 0; ; steps++) {
      if (steps > lengthBlocks) {
        throw new NomountError("corrupt", `jbd2: transaction ${expected.sequence} has no end: the log leads in a circle`, {
          where: { label: source.label },
        });
      }
      const block = expected.block;
      const bytes = this.block(block).slice();
      const header = blockHeader.view(bytes);
      if (header.magic !== JOURNAL_MAGIC || header.sequence !== expected.sequence) return;
      expected.block = this.after(block);
      if (header.blockType === blockTypes.descriptor) {
        const tags = countTags(this.journal, bytes);
        const firstDataBlock = expected.block;
        expected.block = this.after(firstDataBlock, tags);
        steps += tags;
        yield { kind: "descriptor", block, bytes, firstDataBlock, tags };
      } else if (header.blockType === blockTypes.commit) {
        yield { kind: "commit", block, bytes };
      } else if (header.blockType === blockTypes.revoke) {
        yield { kind: "revoke", block, bytes };
      } else {
        return;
      }
    }
  }
}

/** Where a walk stands: the consumer counts `sequence` up when it takes a transaction for finished. */
export interface Cursor {
  sequence: number;
  block: number;
}

export type LogBlock =
  | {
      readonly kind: "descriptor";
      readonly block: number;
      readonly bytes: Uint8Array;
      /** Where the first block that it describes lies; the others follow along the ring. */
      readonly firstDataBlock: number;
      readonly tags: number;
    }
  | {
      readonly kind: "commit" | "revoke";
      readonly block: number;
      readonly bytes: Uint8Array;
    };

/** Transaction numbers are 32 bits wide and wrap: whether `a` is `b` or later. */
export function isAtOrAfter(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0;
}
