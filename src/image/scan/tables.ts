import { hex, NomountError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { SliceSource } from "../../source/slice.ts";
import { type Gpt, readGpt } from "../../volume/gpt/header.ts";
import { gptHeader } from "../../volume/gpt/layout.ts";
import { describesPartitions, type Entry, isExtended, partitionTableIn } from "../../volume/mbr/boot-record.ts";
import { BOOT_RECORD_BYTES, bootRecord } from "../../volume/mbr/layout.ts";
import { bytesAt, structAt } from "../formats/recognised.ts";
import type { Detector } from "./finding.ts";

/** What an extended boot record that belongs to no known table is called. */
export const EXTENDED_BOOT_RECORD = "extended boot record";

const PROTECTIVE = 0xee;

/** A boot record whose entries describe partitions that lie one after the other in what follows. */
export const mbrDetector: Detector = (source, atBytes) => {
  const sector = bytesAt(source, atBytes, BOOT_RECORD_BYTES);
  const diskSectors = Math.floor((source.sizeBytes - atBytes) / BOOT_RECORD_BYTES);
  const record = sector === undefined ? undefined : partitionTableIn(sector, diskSectors);
  if (sector === undefined || record === undefined || record.entries.some(({ type }) => type === PROTECTIVE)) return undefined;
  const isLink =
    sector.subarray(0, bootRecord.offsetOf("entries")).every((byte) => byte === 0) && record.entries.slice(2).every(isUnused);
  // A link to the next record counts from the extended partition, of whose start nothing is known here.
  const entries = isLink ? record.entries.filter((entry) => !isExtended(entry)) : record.entries;
  if (!describesPartitions({ ...record, entries }, diskSectors)) return undefined;
  const sizeBytes = Math.max(...entries.map(({ startLba, sectorCount }) => startLba + sectorCount)) * BOOT_RECORD_BYTES;
  const format = isLink ? EXTENDED_BOOT_RECORD : "mbr";
  const uuid = record.diskSignature === 0 ? undefined : hex(record.diskSignature, 8);
  return { offsetBytes: atBytes, format, label: undefined, uuid, sizeBytes, notes: [] };
};

function isUnused({ sectorCount }: Entry): boolean {
  return sectorCount === 0;
}

/** A header with its entries, both by their checksums. The place that it names for itself tells where its disk begins. */
export const gptDetector: Detector = (source, atBytes) => {
  const header = structAt(source, gptHeader, atBytes);
  if (header === undefined) return undefined;
  for (const sectorBytes of [512, 4096]) {
    const lba = Number(header.myLba);
    const start = atBytes - lba * sectorBytes;
    const gpt = start < 0 ? undefined : gptAt(source, start, lba, sectorBytes);
    if (gpt === undefined) continue;
    const notes = lba === 1 ? [] : [`its primary header is lost; found by the backup at byte ${atBytes}`];
    const sizeBytes = (Math.max(gpt.alternateLba, gpt.myLba) + 1) * sectorBytes;
    return { offsetBytes: start, format: "gpt", label: undefined, uuid: gpt.diskGuid, sizeBytes, notes };
  }
  return undefined;
};

function gptAt(source: BlockSource, start: number, lba: number, sectorBytes: number): Gpt | undefined {
  try {
    return readGpt(new SliceSource(source, start, source.sizeBytes - start, source.label), lba, sectorBytes);
  } catch (error) {
    if (error instanceof NomountError && error.kind === "corrupt") return undefined;
    throw error;
  }
}
