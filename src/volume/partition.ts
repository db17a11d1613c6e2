import { NomountError, type Warn } from "../error.ts";
import type { BlockSource } from "../source/block-source.ts";
import { SliceSource } from "../source/slice.ts";
import type { Volume } from "./volume.ts";

/** What a partition table says of a partition, in bytes from the start of its disk. */
export interface PartitionEntry extends Omit<Volume, "source" | "startBytes"> {
  readonly startBytes: number;
  readonly sizeBytes: number;
}

/** A partition as a volume. One that reaches past the end of its disk is warned of and keeps its size: what is there can be read. */
export function partitionVolume(scheme: string, disk: BlockSource, entry: PartitionEntry, warn: Warn): Volume {
  const { sizeBytes, ...rest } = entry;
  const endBytes = entry.startBytes + sizeBytes;
  if (endBytes > disk.sizeBytes) {
    const lack = entry.startBytes >= disk.sizeBytes ? "lies beyond" : "reaches past";
    const text = `${scheme}: ${entry.name} ${lack} the end of ${disk.label}: it takes bytes ${entry.startBytes} to ${endBytes}, of ${disk.sizeBytes}`;
    warn(new NomountError("corrupt", text));
  }
  return { ...rest, source: new SliceSource(disk, entry.startBytes, sizeBytes, `${disk.label}/${entry.name}`) };
}
