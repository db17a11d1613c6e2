import { crc32c } from "../../../../bytes/crc32c.ts";
import { readBlock } from "./blocks.ts";
import { type Descriptor, readDescriptor, writeDescriptor } from "./descriptors.ts";
import { clustersIn, type Draft, type Geometry, groupStart, hasSuperblockCopy } from "./geometry.ts";
import { groupFlags } from "./layout.ts";

/** The bitmaps of one group with the descriptor that counts and checks them; changed here, put back by `write`. */
export class GroupBitmaps {
  readonly group: number;
  readonly #draft: Draft;
  readonly descriptor: Descriptor;
  #clusters: Uint8Array | undefined;
  #inodes: Uint8Array | undefined;

  constructor(draft: Draft, group: number) {
    this.#draft = draft;
    this.group = group;
    this.descriptor = readDescriptor(draft, group);
  }

  get clusters(): Uint8Array {
    this.#clusters ??= this.#has(groupFlags.blocksUninitialised)
      ? initialClusters(this.#draft.geometry, this.group, this.descriptor)
      : readBlock(this.#draft, this.descriptor.blockBitmap, `group ${this.group}: block bitmap`);
    return this.#clusters;
  }

  get inodes(): Uint8Array {
    this.#inodes ??= this.#has(groupFlags.inodesUninitialised)
      ? initialInodes(this.#draft.geometry)
      : readBlock(this.#draft, this.descriptor.inodeBitmap, `group ${this.group}: inode bitmap`);
    return this.#inodes;
  }

  /** True when the bit changed. */
  setCluster(index: number, used: boolean): boolean {
    if (!setBit(this.clusters, index, used)) return false;
    this.descriptor.freeClusters += used ? -1 : 1;
    return true;
  }

  setInode(index: number, used: boolean, isDirectory: boolean): boolean {
    if (!setBit(this.inodes, index, used)) return false;
    this.descriptor.freeInodes += used ? -1 : 1;
    if (isDirectory) this.descriptor.directories += used ? 1 : -1;
    const touched = this.#draft.geometry.inodesPerGroup - index - 1;
    if (used && this.#draft.geometry.checksums !== undefined) {
      this.descriptor.unusedInodes = Math.min(this.descriptor.unusedInodes, touched);
    }
    return true;
  }

  write(): void {
    const { source, geometry } = this.#draft;
    const { descriptor } = this;
    const checked = geometry.checksums === "crc32c";
    if (this.#clusters !== undefined) {
      source.write(this.#clusters, descriptor.blockBitmap * geometry.blockBytes);
      descriptor.flags &= ~groupFlags.blocksUninitialised;
      if (checked) descriptor.blockBitmapChecksum = bitmapChecksum(geometry, this.#clusters, geometry.clustersPerGroup);
    }
    if (this.#inodes !== undefined) {
      source.write(this.#inodes, descriptor.inodeBitmap * geometry.blockBytes);
      descriptor.flags &= ~groupFlags.inodesUninitialised;
      if (checked) descriptor.inodeBitmapChecksum = bitmapChecksum(geometry, this.#inodes, geometry.inodesPerGroup);
    }
    writeDescriptor(this.#draft, this.group, descriptor);
  }

  /** The flags count only where descriptors have checksums. */
  #has(flag: number): boolean {
    return this.#draft.geometry.checksums !== undefined && (this.descriptor.flags & flag) !== 0;
  }
}

export function isSet(bitmap: Uint8Array, index: number): boolean {
  return (((bitmap[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

function setBit(bitmap: Uint8Array, index: number, value: boolean): boolean {
  if (isSet(bitmap, index) === value) return false;
  bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) ^ (1 << (index & 7));
  return true;
}

function bitmapChecksum(geometry: Geometry, bitmap: Uint8Array, bits: number): number {
  return crc32c(bitmap.subarray(0, bits / 8), geometry.checksumSeed);
}

/** What a bitmap that was never written stands for: only the group's own metadata is in use. */
function initialClusters(geometry: Geometry, group: number, descriptor: Descriptor): Uint8Array {
  const bitmap = new Uint8Array(geometry.blockBytes);
  const start = groupStart(geometry, group);
  const use = (block: number, count: number) => {
    for (let i = 0; i < count; i++) {
      const index = Math.floor((block + i - start) / geometry.clusterBlocks);
      if (block + i >= start && index < geometry.clustersPerGroup) setBit(bitmap, index, true);
    }
  };
  use(start, baseBlocks(geometry, group));
  use(descriptor.blockBitmap, 1);
  use(descriptor.inodeBitmap, 1);
  use(descriptor.inodeTable, Math.ceil((geometry.inodesPerGroup * geometry.inodeBytes) / geometry.blockBytes));
  for (let i = clustersIn(geometry, group); i < geometry.blockBytes * 8; i++) setBit(bitmap, i, true);
  return bitmap;
}

/** The copies of the superblock and of group descriptors at a group's start. */
function baseBlocks(geometry: Geometry, group: number): number {
  const copy = hasSuperblockCopy(geometry, group) ? 1 : 0;
  const perBlock = geometry.blockBytes / geometry.descriptorBytes;
  const { firstMetaGroup } = geometry;
  if (firstMetaGroup === undefined || group < firstMetaGroup * perBlock) {
    const descriptorBlocks = firstMetaGroup ?? Math.ceil(geometry.groupCount / perBlock);
    return copy === 0 ? 0 : 1 + descriptorBlocks + geometry.reservedDescriptorBlocks;
  }
  const inMetaGroup = group % perBlock;
  const holdsDescriptors = inMetaGroup === 0 || inMetaGroup === 1 || inMetaGroup === perBlock - 1;
  return copy + (holdsDescriptors ? 1 : 0);
}

function initialInodes(geometry: Geometry): Uint8Array {
  const bitmap = new Uint8Array(geometry.blockBytes);
  for (let i = geometry.inodesPerGroup; i < geometry.blockBytes * 8; i++) setBit(bitmap, i, true);
  return bitmap;
}
