import { crc16 } from "../../../../bytes/crc16.ts";
import { crc32c } from "../../../../bytes/crc32c.ts";
import { type Disk, type Draft, descriptorPlace, hasHighHalf } from "./geometry.ts";
import { groupDescriptor, groupDescriptorHigh } from "./layout.ts";

/** A group's descriptor, halves put together. */
export interface Descriptor {
  readonly blockBitmap: number;
  readonly inodeBitmap: number;
  readonly inodeTable: number;
  freeClusters: number;
  freeInodes: number;
  directories: number;
  unusedInodes: number;
  flags: number;
  blockBitmapChecksum: number;
  inodeBitmapChecksum: number;
}

export function readDescriptor(disk: Disk, group: number): Descriptor {
  const bytes = rawDescriptor(disk, group);
  const low = groupDescriptor.view(bytes);
  const high = hasHighHalf(disk.geometry) ? groupDescriptorHigh.view(bytes, groupDescriptor.sizeBytes) : undefined;
  return {
    blockBitmap: low.blockBitmapLow + (high?.blockBitmapHigh ?? 0) * 2 ** 32,
    inodeBitmap: low.inodeBitmapLow + (high?.inodeBitmapHigh ?? 0) * 2 ** 32,
    inodeTable: low.inodeTableLow + (high?.inodeTableHigh ?? 0) * 2 ** 32,
    freeClusters: low.freeClustersLow + (high?.freeClustersHigh ?? 0) * 0x1_0000,
    freeInodes: low.freeInodesLow + (high?.freeInodesHigh ?? 0) * 0x1_0000,
    directories: low.directoriesLow + (high?.directoriesHigh ?? 0) * 0x1_0000,
    unusedInodes: low.unusedInodesLow + (high?.unusedInodesHigh ?? 0) * 0x1_0000,
    flags: low.flags,
    blockBitmapChecksum: low.blockBitmapChecksumLow + (high?.blockBitmapChecksumHigh ?? 0) * 0x1_0000,
    inodeBitmapChecksum: low.inodeBitmapChecksumLow + (high?.inodeBitmapChecksumHigh ?? 0) * 0x1_0000,
  };
}

/** Puts the counts, flags and checksums of a descriptor back, its own checksum made right. */
export function writeDescriptor(draft: Draft, group: number, descriptor: Descriptor): void {
  const bytes = rawDescriptor(draft, group);
  const view = new DataView(bytes.buffer);
  const put = (
    value: number,
    low: Parameters<typeof groupDescriptor.offsetOf>[0],
    high?: Parameters<typeof groupDescriptorHigh.offsetOf>[0],
  ) => {
    view.setUint16(groupDescriptor.offsetOf(low), value & 0xffff, true);
    if (high === undefined || !hasHighHalf(draft.geometry)) return;
    view.setUint16(groupDescriptor.sizeBytes + groupDescriptorHigh.offsetOf(high), Math.floor(value / 0x1_0000), true);
  };
  put(descriptor.freeClusters, "freeClustersLow", "freeClustersHigh");
  put(descriptor.freeInodes, "freeInodesLow", "freeInodesHigh");
  put(descriptor.directories, "directoriesLow", "directoriesHigh");
  put(descriptor.unusedInodes, "unusedInodesLow", "unusedInodesHigh");
  put(descriptor.blockBitmapChecksum, "blockBitmapChecksumLow", "blockBitmapChecksumHigh");
  put(descriptor.inodeBitmapChecksum, "inodeBitmapChecksumLow", "inodeBitmapChecksumHigh");
  put(descriptor.flags, "flags");
  put(checksumOf(draft, group, bytes), "checksum");
  draft.source.write(bytes, descriptorPlace(draft.geometry, group));
}

function checksumOf(disk: Disk, group: number, bytes: Uint8Array): number {
  const { checksums, checksumSeed, uuid } = disk.geometry;
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, group, true);
  const offset = groupDescriptor.offsetOf("checksum");
  const before = bytes.subarray(0, offset);
  const after = bytes.subarray(offset + 2);
  if (checksums === "crc32c") {
    const zero = new Uint8Array(2);
    return crc32c(after, crc32c(zero, crc32c(before, crc32c(number, checksumSeed)))) & 0xffff;
  }
  return checksums === "crc16" ? crc16(after, crc16(before, crc16(number, crc16(uuid, 0xffff)))) : 0;
}

function rawDescriptor(disk: Disk, group: number): Uint8Array {
  const bytes = new Uint8Array(disk.geometry.descriptorBytes);
  disk.source.readSync(bytes, descriptorPlace(disk.geometry, group));
  return bytes;
}
