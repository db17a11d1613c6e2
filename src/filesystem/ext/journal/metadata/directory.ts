import { crc32c } from "../../../../bytes/crc32c.ts";
import { NomountError, type Where } from "../../../../error.ts";
import { readBlock, whereIs } from "./blocks.ts";
import type { Disk, Draft } from "./geometry.ts";
import { inodeSeed, modes, type RawInode } from "./inodes.ts";
import { DIRECTORY_TAIL_TYPE, directoryEntry, directoryTail } from "./layout.ts";
import type { BlockRun } from "./mapping.ts";

export interface Entry {
  readonly inode: number;
  /** As directories write kinds of file; 0 without the feature filetype. */
  readonly fileType: number;
  readonly name: Uint8Array;
}

/** Kinds of file by the upper four bits of the mode (kernel directory.rst, "ftype"). */
const fileTypes: ReadonlyMap<number, number> = new Map([
  [0x1000, 5],
  [0x2000, 3],
  [modes.directory, 2],
  [0x6000, 4],
  [modes.file, 1],
  [modes.symlink, 7],
  [0xc000, 6],
]);

export function fileTypeOf(disk: Disk, inode: RawInode): number {
  return disk.geometry.features.has("filetype") ? (fileTypes.get(inode.kind) ?? 0) : 0;
}

/** Every entry in the blocks of a directory, "." and ".." too. The blocks of an index look like unused entries. */
export function readEntries(disk: Disk, inode: RawInode, runs: readonly BlockRun[]): Entry[] {
  const entries: Entry[] = [];
  for (const run of runs) {
    for (let i = 0; i < run.count; i++) {
      const block = run.physical + i;
      entries.push(...entriesIn(disk, inode, readBlock(disk, block, `directory ${inode.number}`), whereIs(disk, block)));
    }
  }
  return entries;
}

/** The entries in one stretch of a directory, which they fill; unused ones are left out. They alias the bytes. */
export function entriesIn(disk: Disk, inode: RawInode, bytes: Uint8Array, where?: Where): Entry[] {
  const entries: Entry[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const entry = directoryEntry.view(bytes, offset, where);
    const length = recordBytes(entry.recordBytes, disk.geometry.blockBytes);
    const least = directoryEntry.sizeBytes + (entry.inode === 0 ? 0 : entry.nameBytes);
    if (length < least || length % 4 !== 0 || offset + length > bytes.length) {
      throw new NomountError("corrupt", `ext: directory ${inode.number}: an entry of ${length} bytes at offset ${offset}`, {
        where: where ?? { label: disk.source.label },
      });
    }
    const start = offset + directoryEntry.sizeBytes;
    if (entry.inode !== 0) {
      entries.push({
        inode: entry.inode,
        fileType: entry.fileType,
        name: bytes.subarray(start, start + entry.nameBytes),
      });
    }
    offset += length;
  }
  return entries;
}

/** How many blocks the entries take, packed. */
export function packEntries(draft: Draft, entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const room = roomIn(draft);
  const blocks: Entry[][] = [[]];
  let used = 0;
  for (const entry of entries) {
    const length = packedBytes(entry);
    if (used + length > room) {
      blocks.push([]);
      used = 0;
    }
    blocks.at(-1)?.push(entry);
    used += length;
  }
  return blocks;
}

/** Puts entries into one block of a directory without an index; none make an empty block. */
export function writeEntries(draft: Draft, inode: RawInode, block: number, entries: readonly Entry[]): void {
  const bytes = new Uint8Array(draft.geometry.blockBytes);
  const room = roomIn(draft);
  let offset = 0;
  const list: readonly Entry[] = entries.length === 0 ? [{ inode: 0, fileType: 0, name: new Uint8Array() }] : entries;
  list.forEach((entry, i) => {
    const length = i === list.length - 1 ? room - offset : packedBytes(entry);
    const header = directoryEntry.encode({
      inode: entry.inode,
      // 65536 does not fit: 0xffff stands for it.
      recordBytes: Math.min(length, 0xffff),
      nameBytes: entry.name.length,
      fileType: entry.fileType,
    });
    bytes.set(header, offset);
    bytes.set(entry.name, offset + header.length);
    offset += length;
  });
  if (room < bytes.length) {
    const checksum = crc32c(bytes.subarray(0, room), inodeSeed(draft, inode));
    bytes.set(
      directoryTail.encode({
        recordBytes: directoryTail.sizeBytes,
        fileType: DIRECTORY_TAIL_TYPE,
        checksum,
      }),
      room,
    );
  }
  draft.source.write(bytes, block * draft.geometry.blockBytes);
}

function roomIn(disk: Disk): number {
  return disk.geometry.blockBytes - (disk.geometry.checksums === "crc32c" ? directoryTail.sizeBytes : 0);
}

function packedBytes(entry: Entry): number {
  return Math.ceil((directoryEntry.sizeBytes + entry.name.length) / 4) * 4;
}

function recordBytes(stored: number, blockBytes: number): number {
  return blockBytes === 0x1_0000 && (stored === 0xffff || stored === 0) ? 0x1_0000 : stored;
}
