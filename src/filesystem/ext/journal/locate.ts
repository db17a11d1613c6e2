import { uuidText } from "../../../bytes/guid.ts";
import { NomountError } from "../../../error.ts";
import type { BlockSource, Extent } from "../../../source/block-source.ts";
import { MappedSource } from "../../../source/mapped.ts";
import { SliceSource } from "../../../source/slice.ts";
import { SUPERBLOCK_OFFSET_BYTES } from "../layout.ts";
import { type Journal, openJournal } from "./jbd2/superblock.ts";
import { type Disk, superblockFields } from "./metadata/geometry.ts";
import { modes, readInode } from "./metadata/inodes.ts";
import { type BlockRun, readBlockMap } from "./metadata/mapping.ts";

const MAGIC = 0xef53;
const INCOMPAT_JOURNAL_DEVICE = 0x8;

/**
 * The journal of a filesystem, wherever it lies: in an inode, or on the device `external`. Throws `path` where it lies on a
 * device that was not given, `corrupt` where the kernel would not take it.
 */
export function locateJournal(disk: Disk, external: BlockSource | undefined): Journal {
  const { journalInode, journalUuid } = superblockFields(disk.source);
  if (journalInode !== 0) return openJournal(journalFile(disk, journalInode), disk.geometry.blockBytes);
  if (external === undefined) {
    throw new NomountError(
      "path",
      `ext: the journal is on another device, with uuid ${uuidText(journalUuid)}: name it with --journal, or see the disk as it lies with --no-replay`,
      { where: { label: disk.source.label } },
    );
  }
  return externalJournal(external, disk.geometry.blockBytes, journalUuid);
}

function journalFile(disk: Disk, number: number): BlockSource {
  const inode = readInode(disk, number);
  if (inode.linkCount === 0 || inode.kind !== modes.file) {
    throw new NomountError(
      "corrupt",
      `ext: journal inode ${number}: expected a file with a link, found mode 0o${inode.mode.toString(8)}, ${inode.linkCount} links`,
      {
        where: { label: disk.source.label },
      },
    );
  }
  const { runs } = readBlockMap(disk, inode);
  const label = `${disk.source.label}: journal`;
  return new MappedSource(label, inode.sizeBytes, (offsetBytes, lengthBytes) =>
    fileExtents(disk, runs, label, offsetBytes, lengthBytes),
  );
}

/** The journal has no holes; where it has one, the kernel cannot read that block either. */
function* fileExtents(
  disk: Disk,
  runs: readonly BlockRun[],
  label: string,
  offsetBytes: number,
  lengthBytes: number,
): Generator<Extent> {
  const { blockBytes } = disk.geometry;
  const end = offsetBytes + lengthBytes;
  let at = offsetBytes;
  for (let i = firstReaching(runs, Math.floor(offsetBytes / blockBytes)); i < runs.length && at < end; i++) {
    const run = runs[i];
    if (run === undefined) break;
    const start = run.logical * blockBytes;
    if (start >= end) break;
    if (start > at) yield missing(label, start - at);
    const from = Math.max(start, offsetBytes);
    const to = Math.min(start + run.count * blockBytes, end);
    yield {
      kind: "data",
      lengthBytes: to - from,
      source: disk.source,
      offsetBytes: run.physical * blockBytes + from - start,
    };
    at = to;
  }
  if (at < end) yield missing(label, end - at);
}

function missing(label: string, lengthBytes: number): Extent {
  return {
    kind: "missing",
    lengthBytes,
    fault: {
      kind: "corrupt",
      message: `ext: ${label} has a hole of ${lengthBytes} bytes`,
    },
  };
}

/** The index of the first run that ends beyond a logical block. */
function firstReaching(runs: readonly BlockRun[], logical: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const run = runs[middle];
    if (run !== undefined && run.logical + run.count <= logical) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A device that holds nothing but a journal: an ext superblock that says so, then the journal's own in the next block. */
function externalJournal(device: BlockSource, blockBytes: number, uuid: Uint8Array): Journal {
  const where = { label: device.label, offsetBytes: SUPERBLOCK_OFFSET_BYTES };
  const fields = superblockFields(device);
  if (fields.magic !== MAGIC || (fields.incompatibleFeatures & INCOMPAT_JOURNAL_DEVICE) === 0) {
    throw new NomountError("path", "ext: expected an external journal, found no superblock of one", { where });
  }
  if (uuidText(fields.uuid) !== uuidText(uuid)) {
    throw new NomountError("path", `ext: expected the external journal ${uuidText(uuid)}, found ${uuidText(fields.uuid)}`, {
      where,
    });
  }
  const sizeBytes = fields.blockCountLow * blockBytes;
  const superblockBlock = Math.floor(SUPERBLOCK_OFFSET_BYTES / blockBytes) + 1;
  const journal = openJournal(new SliceSource(device, 0, sizeBytes, device.label), blockBytes, superblockBlock);
  if (journal.userCount !== 1) {
    throw new NomountError("unsupported", `jbd2: the external journal serves ${journal.userCount} filesystems: expected 1`, {
      where,
    });
  }
  return journal;
}
