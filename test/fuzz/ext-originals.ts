import { crc32c } from "../../src/bytes/crc32c.ts";
import { SUPERBLOCK_OFFSET_BYTES, superblockLayout } from "../../src/filesystem/ext/layout.ts";
import type { Original, Target } from "./fuzz-module.ts";
import { original } from "./originals.ts";
import type { Patched } from "./patched.ts";

const METADATA_CSUM = 0x400;
const DESCRIPTOR_INODE_TABLE = 8;
const EXTENT_MAGIC = 0xf30a;
const XATTR_MAGIC = 0xea020000;
const INODES_AIMED_AT = 64;

/**
 * An ext filesystem as two originals: as it is, and with metadata_csum switched off, since a mutant of the first is mostly
 * refused for its checksum and never reaches the code behind.
 */
export function extOriginals(name: string, bytes: Uint8Array): readonly Original[] {
  const plain = original(name, bytes, targetsOf(bytes), repairSuperblock);
  const { readOnlyFeatures } = superblockLayout.view(bytes, SUPERBLOCK_OFFSET_BYTES);
  if ((readOnlyFeatures & METADATA_CSUM) === 0) return [plain];
  const unchecked = bytes.slice();
  const at = SUPERBLOCK_OFFSET_BYTES + superblockLayout.offsetOf("readOnlyFeatures");
  new DataView(unchecked.buffer).setUint32(at, readOnlyFeatures & ~METADATA_CSUM, true);
  return [plain, original(`${name} without checksums`, unchecked, plain.targets)];
}

/** CRC-32C of all before the checksum itself (Documentation/filesystems/ext4/checksums.rst). */
function repairSuperblock(image: Patched): void {
  const checksumAt = SUPERBLOCK_OFFSET_BYTES + superblockLayout.offsetOf("checksum");
  if (image.bytes.length < checksumAt + 4) return;
  const checksum = new Uint8Array(4);
  new DataView(checksum.buffer).setUint32(
    0,
    crc32c(image.bytes.subarray(SUPERBLOCK_OFFSET_BYTES, checksumAt), 0xffffffff),
    true,
  );
  image.write(checksumAt, checksum);
}

/** Superblock, descriptors, the first inodes of each table, and each block that looks like an extent node, attributes or a directory. */
function targetsOf(bytes: Uint8Array): readonly Target[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const superblock = superblockLayout.view(bytes, SUPERBLOCK_OFFSET_BYTES);
  const { blockSizeLog, blockCountLow, blocksPerGroup, inodesPerGroup, firstDataBlock, groupDescriptorBytes } = superblock;
  const blockBytes = 1024 << blockSizeLog;
  const inodeBytes = superblock.revision === 0 ? 128 : superblock.inodeBytes;
  const groups = Math.ceil((blockCountLow - firstDataBlock) / blocksPerGroup);
  const descriptorBytes = Math.max(32, groupDescriptorBytes);
  const descriptors = (firstDataBlock + 1) * blockBytes;
  const targets: Target[] = [
    { name: "superblock", offsetBytes: SUPERBLOCK_OFFSET_BYTES, lengthBytes: superblockLayout.sizeBytes, weight: 6 },
    { name: "descriptors", offsetBytes: descriptors, lengthBytes: groups * descriptorBytes, weight: 2 },
  ];
  for (let group = 0; group < groups; group++) {
    const table = view.getUint32(descriptors + group * descriptorBytes + DESCRIPTOR_INODE_TABLE, true) * blockBytes;
    const inodes = Math.min(inodesPerGroup, INODES_AIMED_AT);
    targets.push({
      name: `inodes of group ${group}`,
      offsetBytes: table,
      lengthBytes: inodes * inodeBytes,
      weight: 12 / groups,
    });
  }
  const blocks: Target[] = [];
  for (let offset = firstDataBlock * blockBytes; offset + blockBytes <= bytes.length; offset += blockBytes) {
    const kind = kindOf(view, offset, blockBytes);
    if (kind !== undefined) blocks.push({ name: kind, offsetBytes: offset, lengthBytes: blockBytes });
  }
  return [...targets, ...blocks.map((target) => ({ ...target, weight: 12 / blocks.length }))];
}

function kindOf(view: DataView, offset: number, blockBytes: number): string | undefined {
  if (view.getUint16(offset, true) === EXTENT_MAGIC) return "extent node";
  if (view.getUint32(offset, true) === XATTR_MAGIC) return "attributes";
  return isDirectory(view, offset, blockBytes) ? "directory" : undefined;
}

/** Entries whose lengths lead exactly to the end of the block; the first has a name of one letter, ".", or an inode. */
function isDirectory(view: DataView, offset: number, blockBytes: number): boolean {
  for (let at = 0, count = 0; ; count++) {
    if (at === blockBytes) return count > 0;
    if (at + 8 > blockBytes) return false;
    const lengthBytes = view.getUint16(offset + at + 4, true);
    const nameBytes = view.getUint8(offset + at + 6);
    if (lengthBytes < 8 || lengthBytes % 4 !== 0 || nameBytes + 8 > lengthBytes) return false;
    at += lengthBytes;
  }
}
