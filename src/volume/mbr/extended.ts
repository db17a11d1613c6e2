import { hex, NomountError, type Warn } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { type Entry, isExtended, readBootRecord } from "./boot-record.ts";

/** A logical partition, its place in sectors of the disk. */
export interface LogicalPartition {
  readonly entry: Entry;
  readonly startLba: number;
}

/** Linux gives up after so many links in a row that lead to no partition (block/partitions/msdos.c). */
const MAX_EMPTY_LINKS = 100;

/**
 * The logical partitions of an extended one, in the order of the chain of boot records, at most `room` of them. What breaks
 * the chain is warned of, and what came before stays. Read as Linux does: in each record the partitions, then the first link.
 */
export function* logicalPartitions(
  disk: BlockSource,
  extended: Entry,
  sectorBytes: number,
  room: number,
  warn: Warn,
): Generator<LogicalPartition> {
  const outer = { startLba: extended.startLba, endLba: extended.startLba + extended.sectorCount };
  const seen = new Set<number>();
  let lba = outer.startLba;
  let sectorCount = extended.sectorCount;
  let found = 0;
  for (let emptyLinks = 0; ; emptyLinks++) {
    const offsetBytes = lba * sectorBytes;
    const broken = (why: string) =>
      warn(
        new NomountError("corrupt", `mbr: p${extended.slot + 1}: ${why}; logical partitions after it cannot be found`, {
          where: { label: disk.label, offsetBytes },
        }),
      );
    if (seen.has(lba)) return broken(`the chain of extended boot records comes back to sector ${lba}`);
    if (emptyLinks > MAX_EMPTY_LINKS) return broken(`${MAX_EMPTY_LINKS} extended boot records in a row hold no partition`);
    if (offsetBytes + sectorBytes > disk.sizeBytes) return broken(`extended boot record at sector ${lba} lies beyond the end`);
    seen.add(lba);
    const record = readBootRecord(disk, offsetBytes);
    if (record === undefined) return broken(`extended boot record at sector ${lba} has no signature ${hex(0xaa55)}`);
    for (const entry of record.entries) {
      if (entry.sectorCount === 0 || isExtended(entry)) continue;
      const startLba = lba + entry.startLba;
      if (entry.slot >= 2 && !fits(entry, startLba, sectorCount, outer)) continue;
      if (found === room) return broken(`there are more than ${found} logical partitions`);
      yield { entry, startLba };
      found += 1;
      emptyLinks = -1;
    }
    const link = record.entries.find((entry) => entry.sectorCount > 0 && isExtended(entry));
    if (link === undefined) return;
    lba = outer.startLba + link.startLba;
    sectorCount = link.sectorCount;
  }
}

/** The last two entries often hold garbage, and count only where they fit. */
function fits(entry: Entry, startLba: number, sectorCount: number, outer: { startLba: number; endLba: number }): boolean {
  return (
    entry.startLba + entry.sectorCount <= sectorCount &&
    startLba >= outer.startLba &&
    startLba + entry.sectorCount <= outer.endLba
  );
}
