import { blockHeader, blockTag, blockTag3, blockTail, TAG_UUID_BYTES, tagFlags } from "./layout.ts";
import type { Journal } from "./superblock.ts";

/** What a descriptor block says of one block of the log. */
export interface Tag {
  /** Of the filesystem. */
  readonly block: number;
  readonly escaped: boolean;
  /** 32 bits with version 3, the lower 16 of them with version 2. */
  readonly checksum: number;
}

/** How many blocks of the log a descriptor block describes. */
export function countTags(journal: Journal, descriptor: Uint8Array): number {
  let count = 0;
  for (const _ of tagOffsets(journal, descriptor)) count += 1;
  return count;
}

/** The tags of a descriptor block, in the order of the blocks that follow it. */
export function* readTags(journal: Journal, descriptor: Uint8Array): Generator<Tag> {
  const view = new DataView(descriptor.buffer, descriptor.byteOffset, descriptor.byteLength);
  for (const offset of tagOffsets(journal, descriptor)) {
    const tag3 = journal.checksums === "v3" ? blockTag3.view(view, offset) : undefined;
    const tag = blockTag.view(view, offset);
    // The upper half lies at the same place in both kinds of tag.
    const high = journal.is64Bit ? view.getUint32(offset + blockTag3.offsetOf("blockHigh")) : 0;
    yield {
      block: high * 0x1_0000_0000 + tag.blockLow,
      escaped: (flagsAt(view, offset) & tagFlags.escaped) !== 0,
      checksum: tag3?.checksum ?? tag.checksum,
    };
  }
}

function* tagOffsets(journal: Journal, descriptor: Uint8Array): Generator<number> {
  const view = new DataView(descriptor.buffer, descriptor.byteOffset, descriptor.byteLength);
  const tagBytes = sizeOfTag(journal);
  const end = descriptor.length - (hasTail(journal) ? blockTail.sizeBytes : 0);
  for (let offset: number = blockHeader.sizeBytes; offset + tagBytes <= end; ) {
    yield offset;
    const flags = flagsAt(view, offset);
    if ((flags & tagFlags.last) !== 0) return;
    offset += tagBytes + ((flags & tagFlags.sameUuid) === 0 ? TAG_UUID_BYTES : 0);
  }
}

/** Two bytes at the same place in both kinds of tag. */
function flagsAt(view: DataView, offset: number): number {
  return view.getUint16(offset + blockTag.offsetOf("flags"));
}

function sizeOfTag(journal: Journal): number {
  if (journal.checksums === "v3") return blockTag3.sizeBytes;
  return blockTag.sizeBytes + (journal.is64Bit ? 4 : 0) + (journal.checksums === "v2" ? 2 : 0);
}

/** Whether descriptor and revoke blocks end in a checksum. */
export function hasTail(journal: Journal): boolean {
  return journal.checksums === "v2" || journal.checksums === "v3";
}
