import { crc32c } from "../../../../bytes/crc32c.ts";
import { NomountError } from "../../../../error.ts";
import { inodeExtraLayout, inodeLayout } from "../../layout.ts";
import { readDescriptor } from "./descriptors.ts";
import type { Disk, Draft } from "./geometry.ts";

export const modes = {
  mask: 0xf000,
  directory: 0x4000,
  file: 0x8000,
  symlink: 0xa000,
} as const;

/** An inode as it lies in the table; it is a copy, and `writeInode` puts it back. */
export class RawInode {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(number: number, bytes: Uint8Array) {
    this.number = number;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get mode(): number {
    return this.#u16("mode");
  }

  get kind(): number {
    return this.mode & modes.mask;
  }

  get linkCount(): number {
    return this.#u16("linkCount");
  }

  set linkCount(count: number) {
    this.view.setUint16(inodeLayout.offsetOf("linkCount"), count, true);
  }

  get flags(): number {
    return this.#u32("flags");
  }

  set flags(flags: number) {
    this.#set32("flags", flags);
  }

  get sizeBytes(): number {
    return this.#u32("sizeLow") + this.#u32("sizeHigh") * 2 ** 32;
  }

  set sizeBytes(size: number) {
    this.#set32("sizeLow", size % 2 ** 32);
    this.#set32("sizeHigh", Math.floor(size / 2 ** 32));
  }

  /** Of an inode on the orphan list: the next one on it. Else when it was deleted. */
  get deletedAt(): number {
    return this.#u32("deletedAt");
  }

  set deletedAt(value: number) {
    this.#set32("deletedAt", value);
  }

  get generation(): number {
    return this.#u32("generation");
  }

  /** Of an inode that holds the value of an attribute: how many inodes share it. It lies where others keep a time and a version. */
  get valueReferences(): bigint {
    return (BigInt(this.#u32("changedAt")) << 32n) | BigInt(this.#u32("version"));
  }

  set valueReferences(count: bigint) {
    this.#set32("changedAt", Number(count >> 32n));
    this.#set32("version", Number(count & 0xffffffffn));
  }

  get xattrBlock(): number {
    return this.#u32("xattrBlockLow") + this.#u16("xattrBlockHigh") * 2 ** 32;
  }

  set xattrBlock(block: number) {
    this.#set32("xattrBlockLow", block % 2 ** 32);
    this.view.setUint16(inodeLayout.offsetOf("xattrBlockHigh"), Math.floor(block / 2 ** 32), true);
  }

  /** The 60 bytes of the mapping; writing into them changes the inode. */
  get block(): Uint8Array {
    const offset = inodeLayout.offsetOf("block");
    return this.bytes.subarray(offset, offset + 60);
  }

  /** Allocated space, in units of 512 bytes or of blocks. */
  get spaceUnits(): number {
    return this.#u32("blockCountLow") + this.#u16("blockCountHigh") * 2 ** 32;
  }

  set spaceUnits(units: number) {
    this.#set32("blockCountLow", units % 2 ** 32);
    this.view.setUint16(inodeLayout.offsetOf("blockCountHigh"), Math.floor(units / 2 ** 32), true);
  }

  /** How far the fields beyond the first 128 bytes reach. */
  get extraBytes(): number {
    return this.bytes.length > inodeLayout.sizeBytes ? this.view.getUint16(inodeLayout.sizeBytes, true) : 0;
  }

  #u16(field: Parameters<typeof inodeLayout.offsetOf>[0]): number {
    return this.view.getUint16(inodeLayout.offsetOf(field), true);
  }

  #u32(field: Parameters<typeof inodeLayout.offsetOf>[0]): number {
    return this.view.getUint32(inodeLayout.offsetOf(field), true);
  }

  #set32(field: Parameters<typeof inodeLayout.offsetOf>[0], value: number): void {
    this.view.setUint32(inodeLayout.offsetOf(field), value, true);
  }
}

/** Throws `corrupt` for a number that no inode has. */
export function readInode(disk: Disk, number: number): RawInode {
  const bytes = new Uint8Array(disk.geometry.inodeBytes);
  disk.source.readSync(bytes, inodePlace(disk, number));
  return new RawInode(number, bytes);
}

/** Puts an inode back, with its checksum made right. */
export function writeInode(draft: Draft, inode: RawInode): void {
  if (draft.geometry.checksums === "crc32c") updateChecksum(draft, inode);
  draft.source.write(inode.bytes, inodePlace(draft, inode.number));
}

/** What the checksums of an inode, of its extent tree and of its directory blocks start from. */
export function inodeSeed(disk: Disk, inode: RawInode): number {
  const words = new Uint8Array(8);
  const view = new DataView(words.buffer);
  view.setUint32(0, inode.number, true);
  view.setUint32(4, inode.generation, true);
  return crc32c(words, disk.geometry.checksumSeed);
}

function updateChecksum(disk: Disk, inode: RawInode): void {
  const low = inodeLayout.offsetOf("checksumLow");
  const high = inodeLayout.sizeBytes + inodeExtraLayout.offsetOf("checksumHigh");
  const hasHigh = inode.extraBytes >= inodeExtraLayout.offsetOf("checksumHigh") + 2;
  inode.view.setUint16(low, 0, true);
  if (hasHigh) inode.view.setUint16(high, 0, true);
  const checksum = crc32c(inode.bytes, inodeSeed(disk, inode));
  inode.view.setUint16(low, checksum & 0xffff, true);
  if (hasHigh) inode.view.setUint16(high, checksum >>> 16, true);
}

function inodePlace(disk: Disk, number: number): number {
  const { inodeCount, inodesPerGroup, inodeBytes, blockBytes, blockCount } = disk.geometry;
  if (number < 1 || number > inodeCount) {
    throw new NomountError("corrupt", `ext: inode ${number}: expected 1 to ${inodeCount}`, {
      where: { label: disk.source.label },
    });
  }
  const group = Math.floor((number - 1) / inodesPerGroup);
  const { inodeTable } = readDescriptor(disk, group);
  const place = inodeTable * blockBytes + ((number - 1) % inodesPerGroup) * inodeBytes;
  if (inodeTable === 0 || place + inodeBytes > blockCount * blockBytes) {
    throw new NomountError("corrupt", `ext: group ${group}: inode table at block ${inodeTable}: expected below ${blockCount}`, {
      where: { label: disk.source.label },
    });
  }
  return place;
}
