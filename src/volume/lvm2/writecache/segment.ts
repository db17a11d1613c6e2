import { safeNumber } from "../../../bytes/int64.ts";
import { hex, NomountError } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { SliceSource } from "../../../source/slice.ts";
import { type SegmentContext, volumeError } from "../segment.ts";
import { sortedExceptions } from "../snapshot/exceptions.ts";
import { snapshotSource } from "../snapshot/snapshot.ts";
import { WRITECACHE_MAGIC, WRITECACHE_VERSION, writecacheEntry, writecacheSuperblock } from "./layout.ts";

const SECTOR_BYTES = 512;
const ENTRY_BYTES = writecacheEntry.sizeBytes;
/** Entries are read in pieces of this size: a writecache of 100 GiB has 26 million. */
const PIECE_BYTES = 2 ** 20;

/** `writecache` (lib/writecache/writecache.c): the newest committed entry of a block counts, the origin where there is none. */
export function openWritecache(context: SegmentContext): BlockSource {
  const { segment, label, lengthBytes } = context;
  const name = segment.fields.string("writecache");
  if (context.partial(name)) {
    throw volumeError(
      "source",
      label,
      `its writecache ${name} is on a physical volume that is missing, and holds what was written last`,
    );
  }
  const origin = context.sibling(segment.fields.string("origin"));
  const { data, chunkBytes, exceptions } = readEntries(context.sibling(name), lengthBytes);
  return snapshotSource(label, lengthBytes, origin, data, { chunkBytes, exceptions, usedBytes: 0 });
}

function readEntries(cache: BlockSource, originBytes: number) {
  const where = { label: cache.label, offsetBytes: 0 };
  const wrong = (what: string) => new NomountError("corrupt", `lvm2: dm-writecache superblock: ${what}`, { where });
  const bytes = new Uint8Array(writecacheSuperblock.sizeBytes);
  cache.readSync(bytes, 0);
  const head = writecacheSuperblock.view(bytes);
  if (head.magic !== WRITECACHE_MAGIC) throw wrong(`magic: expected ${hex(WRITECACHE_MAGIC)}, found ${hex(head.magic)}`);
  if (head.version !== WRITECACHE_VERSION) {
    throw new NomountError("unsupported", `lvm2: dm-writecache superblock: version ${head.version}: expected 1`, { where });
  }
  const { blockSize: chunkBytes, sequence } = head;
  const blocks = safeNumber(head.blocks, "lvm2: dm-writecache superblock: blocks", where);
  if (chunkBytes < SECTOR_BYTES || (chunkBytes & (chunkBytes - 1)) !== 0) throw wrong(`blocks of ${chunkBytes} bytes`);
  const dataStart = Math.ceil((bytes.length + blocks * ENTRY_BYTES) / chunkBytes) * chunkBytes;
  if (dataStart + blocks * chunkBytes > cache.sizeBytes) {
    throw wrong(`${blocks} blocks of ${chunkBytes} bytes do not fit into ${cache.sizeBytes}`);
  }
  const originBlocks = Math.ceil(originBytes / chunkBytes);
  const collector = sortedExceptions(blocks, originBlocks);
  for (const { index, entry } of entriesOf(cache, blocks)) {
    if (entry.sequence >= sequence) continue;
    const block = (Number(entry.originalSector) * SECTOR_BYTES) / chunkBytes;
    if (!Number.isInteger(block) || block >= originBlocks) {
      throw wrong(`entry ${index} holds sector ${entry.originalSector}: the origin has ${originBytes / SECTOR_BYTES}`);
    }
    collector.add(block, index);
  }
  const sequenceOf = (index: number): bigint => {
    const one = new Uint8Array(ENTRY_BYTES);
    cache.readSync(one, bytes.length + index * ENTRY_BYTES);
    return writecacheEntry.view(one).sequence;
  };
  const exceptions = collector.finish((_, a, b) => (sequenceOf(a) > sequenceOf(b) ? a : b));
  return { data: new SliceSource(cache, dataStart, blocks * chunkBytes, cache.label), chunkBytes, exceptions };
}

function* entriesOf(cache: BlockSource, blocks: number) {
  const perPiece = PIECE_BYTES / ENTRY_BYTES;
  for (let first = 0; first < blocks; first += perPiece) {
    const count = Math.min(perPiece, blocks - first);
    const piece = new Uint8Array(count * ENTRY_BYTES);
    cache.readSync(piece, writecacheSuperblock.sizeBytes + first * ENTRY_BYTES);
    for (let i = 0; i < count; i++) yield { index: first + i, entry: writecacheEntry.view(piece, i * ENTRY_BYTES) };
  }
}
