import { bootRecord, partitionEntry } from "../../src/volume/mbr/layout.ts";
import { patch } from "./patch.ts";

/** A disk of primary partitions with these contents, one after the other from sector 63 on. */
export function mbrDisk(...contents: readonly Uint8Array[]): Uint8Array {
  const sectors = contents.map(({ length }) => Math.ceil(length / 512));
  const disk = new Uint8Array((63 + sectors.reduce((sum, count) => sum + count, 0)) * 512);
  patch(disk, bootRecord, 0, { diskSignature: 0x1234, signature: 0xaa55 });
  let startLba = 63;
  for (const [i, content] of contents.entries()) {
    const sectorCount = sectors[i] ?? 0;
    patch(disk, partitionEntry, bootRecord.offsetOf("entries") + i * partitionEntry.sizeBytes, {
      type: 0x83,
      startLba,
      sectorCount,
    });
    disk.set(content, startLba * 512);
    startLba += sectorCount;
  }
  return disk;
}

/** Bytes with more behind them. */
export function grown(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const all = new Uint8Array(sizeBytes);
  all.set(bytes);
  return all;
}
