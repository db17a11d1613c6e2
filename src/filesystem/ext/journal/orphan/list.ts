import { crc32c } from "../../../../bytes/crc32c.ts";
import { hex, NomountError } from "../../../../error.ts";
import { readBlock, whereIs } from "../metadata/blocks.ts";
import { type Disk, type Draft, superblockFields } from "../metadata/geometry.ts";
import { inodeSeed, type RawInode, readInode } from "../metadata/inodes.ts";
import { ORPHAN_MAGIC, orphanBlockTail } from "../metadata/layout.ts";
import { readBlockMap } from "../metadata/mapping.ts";

/** The kernel takes no larger orphan file (EXT4_MAX_ORPHAN_FILE_BLOCKS). */
const MAX_FILE_BLOCKS = 512;

/**
 * The inodes of the orphan list: the superblock names the first, and each keeps the next one where the time of its deletion
 * will be. Lazy, since the kernel stops following it at the first that is no orphan. Each inode comes once.
 */
export function* listedOrphans(disk: Disk): Generator<number> {
  const seen = new Set<number>();
  for (let number = superblockFields(disk.source).lastOrphan; number !== 0; ) {
    if (seen.has(number)) return;
    seen.add(number);
    const next = number <= disk.geometry.inodeCount ? readInode(disk, number).deletedAt : 0;
    yield number;
    number = next;
  }
}

/**
 * The inodes in the orphan file (feature orphan_file, kernel Documentation/filesystems/ext4/orphan.rst). Throws `corrupt`
 * where a block of it is no such block, in which case the kernel does not mount.
 */
export function filedOrphans(disk: Disk): readonly number[] {
  const orphans: number[] = [];
  for (const { entries } of orphanBlocks(disk)) {
    for (let at = 0; at < entries.byteLength; at += 4) {
      const number = entries.getUint32(at, true);
      if (number !== 0) orphans.push(number);
    }
  }
  return orphans;
}

/** Empties the orphan file. */
export function clearOrphanFile(draft: Draft): void {
  for (const { inode, block, bytes, entries } of orphanBlocks(draft)) {
    if (bytes.subarray(0, entries.byteLength).every((byte) => byte === 0)) continue;
    bytes.fill(0, 0, entries.byteLength);
    const tail = orphanBlockTail.encode({
      magic: ORPHAN_MAGIC,
      checksum: blockChecksum(draft, inode, block, bytes),
    });
    bytes.set(tail, entries.byteLength);
    draft.source.write(bytes, block * draft.geometry.blockBytes);
  }
}

interface OrphanBlock {
  readonly inode: RawInode;
  readonly block: number;
  readonly bytes: Uint8Array;
  /** All of it but the tail. */
  readonly entries: DataView;
}

function* orphanBlocks(disk: Disk): Generator<OrphanBlock> {
  if (!disk.geometry.features.has("orphan_file")) return;
  const inode = readInode(disk, superblockFields(disk.source).orphanFileInode);
  const { blockBytes } = disk.geometry;
  const blocks = Math.floor(inode.sizeBytes / blockBytes);
  const fail = (what: string) =>
    new NomountError("corrupt", `ext: orphan file (inode ${inode.number}): ${what}`, { where: { label: disk.source.label } });
  if (blocks > MAX_FILE_BLOCKS) throw fail(`expected at most ${MAX_FILE_BLOCKS} blocks, found ${blocks}`);
  let logical = 0;
  for (const run of readBlockMap(disk, inode).runs) {
    if (run.logical !== logical) break;
    for (let i = 0; i < run.count && logical < blocks; i++, logical++) yield readOrphanBlock(disk, inode, run.physical + i);
  }
  if (logical < blocks) throw fail(`block ${logical} of ${blocks} is missing`);
}

function readOrphanBlock(disk: Disk, inode: RawInode, block: number): OrphanBlock {
  const bytes = readBlock(disk, block, "orphan file");
  const end = bytes.length - orphanBlockTail.sizeBytes;
  const tail = orphanBlockTail.view(bytes, end);
  const fail = (what: string) =>
    new NomountError("corrupt", `ext: orphan file (inode ${inode.number}): ${what}`, { where: whereIs(disk, block) });
  if (tail.magic !== ORPHAN_MAGIC) throw fail(`expected magic ${hex(ORPHAN_MAGIC, 8)}, found ${hex(tail.magic, 8)}`);
  const checksum = blockChecksum(disk, inode, block, bytes);
  if (disk.geometry.checksums === "crc32c" && tail.checksum !== checksum) {
    throw fail(`checksum: expected ${hex(checksum, 8)}, found ${hex(tail.checksum, 8)}`);
  }
  return { inode, block, bytes, entries: new DataView(bytes.buffer, 0, end) };
}

function blockChecksum(disk: Disk, inode: RawInode, block: number, bytes: Uint8Array): number {
  const entries = bytes.subarray(0, bytes.length - orphanBlockTail.sizeBytes);
  return crc32c(entries, crc32c(blockNumber(block), inodeSeed(disk, inode)));
}

/** Block numbers enter checksums as 64 bits. */
export function blockNumber(block: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(block), true);
  return bytes;
}
