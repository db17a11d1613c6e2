import { inodeLayout } from "../../layout.ts";
import type { RawInode } from "./inodes.ts";
import { XATTR_MAGIC, xattrBlockHeader, xattrEntry } from "./layout.ts";

/** Entries begin and end at multiples of this. */
const ALIGNMENT = 4;
/** What comes ahead of the first entry, counted up to a multiple of 32 in a block. */
const IN_INODE_HEADER_BYTES = 4;
const IN_BLOCK_HEADER_BYTES = 32;

/** An entry in a list of extended attributes, and where it lies. */
export interface XattrEntry {
  readonly offset: number;
  readonly end: number;
  readonly nameIndex: number;
  readonly name: string;
  readonly valueOffset: number;
  readonly valueBytes: number;
  /** The inode that holds the value; 0: it lies at `valueOffset`. */
  readonly valueInode: number;
}

export interface XattrList {
  readonly entries: readonly XattrEntry[];
  /** Behind the four zero bytes that end it. */
  readonly end: number;
}

/** The attributes in the inode itself; undefined where there are none, or where the list is damaged. */
export function xattrsInInode(inode: RawInode): XattrList | undefined {
  const start = inodeLayout.sizeBytes + inode.extraBytes;
  const first = start + IN_INODE_HEADER_BYTES;
  if (first + 4 > inode.bytes.length || inode.view.getUint32(start, true) !== XATTR_MAGIC) return undefined;
  return readList(inode.bytes, first, first);
}

/** The attributes in a block of them. */
export function xattrsInBlock(block: Uint8Array): XattrList | undefined {
  return xattrBlockHeader.view(block).magic === XATTR_MAGIC ? readList(block, IN_BLOCK_HEADER_BYTES, 0) : undefined;
}

/** Values are counted from `valuesStart`: the first entry in an inode, the block's start in a block. */
function readList(bytes: Uint8Array, first: number, valuesStart: number): XattrList | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: XattrEntry[] = [];
  let offset = first;
  for (; offset + 4 <= bytes.length && view.getUint32(offset, true) !== 0; offset = entries.at(-1)?.end ?? bytes.length) {
    if (offset + xattrEntry.sizeBytes > bytes.length) return undefined;
    const entry = xattrEntry.view(bytes, offset);
    const nameStart = offset + xattrEntry.sizeBytes;
    entries.push({
      offset,
      end: nameStart + Math.ceil(entry.nameBytes / ALIGNMENT) * ALIGNMENT,
      nameIndex: entry.nameIndex,
      name: String.fromCharCode(...bytes.subarray(nameStart, nameStart + entry.nameBytes)),
      valueOffset: valuesStart + entry.valueOffset,
      valueBytes: entry.valueBytes,
      valueInode: entry.valueInode,
    });
  }
  return offset + 4 > bytes.length ? undefined : { entries, end: offset + 4 };
}
