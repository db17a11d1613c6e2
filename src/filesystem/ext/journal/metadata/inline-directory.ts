import { FLAG } from "../../inode.ts";
import { inodeLayout } from "../../layout.ts";
import type { Entry } from "./directory.ts";
import { entriesIn } from "./directory.ts";
import type { Disk } from "./geometry.ts";
import type { RawInode } from "./inodes.ts";
import { EXTENT_MAGIC, extentHeader } from "./layout.ts";
import { type XattrEntry, type XattrList, xattrsInInode } from "./xattr-list.ts";

/** "system." */
const SYSTEM_INDEX = 7;
const DATA_NAME = "data";

/**
 * The entries of a directory that lies in its inode (kernel Documentation/filesystems/ext4/inlinedata.rst, "Inline
 * Directories"): the parent's number, then entries to the end of the mapping's place, then more of them in the attribute
 * system.data. It has no "." and no "..".
 */
export function readInlineEntries(disk: Disk, inode: RawInode): Entry[] {
  const parent = inode.view.getUint32(inodeLayout.offsetOf("block"), true);
  const rest = dataAttribute(xattrsInInode(inode));
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
  const list = xattrsInInode(inode);
  const attribute = dataAttribute(list);
  if (list !== undefined && attribute !== undefined) {
    // Entries close up; where the values lie is of no matter.
    inode.bytes.copyWithin(attribute.offset, attribute.end, list.end);
    inode.bytes.fill(0, list.end - (attribute.end - attribute.offset), list.end);
  }
  inode.flags = (inode.flags & ~FLAG.inlineData) | FLAG.extents;
  inode.block.fill(0);
  const maxEntries = Math.floor((inode.block.length - extentHeader.sizeBytes) / 12);
  inode.block.set(extentHeader.encode({ magic: EXTENT_MAGIC, maxEntries }));
}

function dataAttribute(list: XattrList | undefined): XattrEntry | undefined {
  return list?.entries.findLast(({ nameIndex, name }) => nameIndex === SYSTEM_INDEX && name === DATA_NAME);
}
