import { FLAG } from "../../inode.ts";
import { inodeLayout } from "../../layout.ts";
import type { Entry } from "./directory.ts";
import { entriesIn } from "./directory.ts";
import type { Disk } from "./geometry.ts";
import type { RawInode } from "./inodes.ts";
import { EXTENT_MAGIC, extentHeader, XATTR_MAGIC, xattrEntry } from "./layout.ts";

/** "system." */
const SYSTEM_INDEX = 7;
const DATA_NAME = "data";
/** Attribute entries begin and end at multiples of this. */
const XATTR_ALIGNMENT = 4;

/**
 * The entries of a directory that lies in its inode (kernel Documentation/filesystems/ext4/inlinedata.rst, "Inline
 * Directories"): the parent's number, then entries to the end of the mapping's place, then more of them in the attribute
 * system.data. It has no "." and no "..".
 */
export function readInlineEntries(disk: Disk, inode: RawInode): Entry[] {
  const parent = inode.view.getUint32(inodeLayout.offsetOf("block"), true);
  const rest = findDataAttribute(inode);
  return [
    { inode: inode.number, fileType: 2, name: Uint8Array.of(0x2e) },
    { inode: parent, fileType: 2, name: Uint8Array.of(0x2e, 0x2e) },
    ...entriesIn(disk, inode, inode.block.slice(4)),
    ...(rest === undefined
      ? []
      : entriesIn(disk, inode, inode.bytes.slice(rest.valueOffset, rest.valueOffset + rest.valueBytes))),
  ];
}

/** Makes an inode that held its data itself one with an extent tree, still without extents. */
export function dropInlineData(inode: RawInode): void {
  const attribute = findDataAttribute(inode);
  if (attribute !== undefined) {
    // Entries close up; where the values lie is of no matter.
    inode.bytes.copyWithin(attribute.offset, attribute.end, attribute.listEnd);
    inode.bytes.fill(0, attribute.listEnd - (attribute.end - attribute.offset), attribute.listEnd);
  }
  inode.flags = (inode.flags & ~FLAG.inlineData) | FLAG.extents;
  inode.block.fill(0);
  const maxEntries = Math.floor((inode.block.length - extentHeader.sizeBytes) / 12);
  inode.block.set(extentHeader.encode({ magic: EXTENT_MAGIC, maxEntries }));
}

interface DataAttribute {
  readonly offset: number;
  readonly end: number;
  /** Behind the four zero bytes that end the list of entries. */
  readonly listEnd: number;
  readonly valueOffset: number;
  readonly valueBytes: number;
}

/** The attribute system.data in the inode itself. */
function findDataAttribute(inode: RawInode): DataAttribute | undefined {
  const { bytes, view } = inode;
  const start = inodeLayout.sizeBytes + inode.extraBytes;
  const first = start + 4;
  if (first + 4 > bytes.length || view.getUint32(start, true) !== XATTR_MAGIC) return undefined;
  let found: Omit<DataAttribute, "listEnd"> | undefined;
  let offset = first;
  while (offset + 4 <= bytes.length && view.getUint32(offset, true) !== 0) {
    if (offset + xattrEntry.sizeBytes > bytes.length) return undefined;
    const entry = xattrEntry.view(bytes, offset);
    const nameStart = offset + xattrEntry.sizeBytes;
    const end = nameStart + Math.ceil(entry.nameBytes / XATTR_ALIGNMENT) * XATTR_ALIGNMENT;
    const name = String.fromCharCode(...bytes.subarray(nameStart, nameStart + entry.nameBytes));
    if (entry.nameIndex === SYSTEM_INDEX && name === DATA_NAME) {
      const valueOffset = first + entry.valueOffset;
      const valueBytes = Math.min(entry.valueBytes, Math.max(0, bytes.length - valueOffset));
      found = { offset, end, valueOffset, valueBytes };
    }
    offset = end;
  }
  return found === undefined || offset + 4 > bytes.length ? undefined : { ...found, listEnd: offset + 4 };
}
