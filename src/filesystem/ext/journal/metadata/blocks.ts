import { NomountError, type Where } from "../../../../error.ts";
import type { Disk } from "./geometry.ts";

/** One block, copied. Throws `corrupt` where `block` cannot be a block of the filesystem; `what` names who points there. */
export function readBlock(disk: Disk, block: number, what: string): Uint8Array {
  const { blockBytes, blockCount, firstDataBlock } = disk.geometry;
  if (block < firstDataBlock || block >= blockCount) {
    throw new NomountError("corrupt", `ext: ${what}: block ${block}: expected ${firstDataBlock} to ${blockCount - 1}`, {
      where: { label: disk.source.label },
    });
  }
  const bytes = new Uint8Array(blockBytes);
  disk.source.readSync(bytes, block * blockBytes);
  return bytes;
}

/** Where a block lies, for messages. */
export function whereIs(disk: Disk, block: number): Where {
  return {
    label: disk.source.label,
    offsetBytes: block * disk.geometry.blockBytes,
  };
}
