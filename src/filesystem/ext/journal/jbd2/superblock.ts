import { crc32c } from "../../../../bytes/crc32c.ts";
import { hex, NomountError } from "../../../../error.ts";
import type { BlockSource } from "../../../../source/block-source.ts";
import { blockTypes, CHECKSUM_CRC32C, featureCompat, featureIncompat, JOURNAL_MAGIC, journalSuperblock } from "./layout.ts";

/** Which of the four ways of checking a journal this one uses. */
export type ChecksumVersion = "none" | "v1" | "v2" | "v3";

/** A journal as its superblock describes it. Blocks are counted from the journal's start. */
export interface Journal {
  /** Block 0 of the journal is the first of this source. */
  readonly source: BlockSource;
  readonly blockBytes: number;
  /** No block at or beyond this one is part of the journal. */
  readonly lengthBlocks: number;
  /** The ring of the log is `[firstBlock, endBlock)`. */
  readonly firstBlock: number;
  readonly endBlock: number;
  /** The first block of the fast-commit area; undefined: there is none. */
  readonly fastCommitBlock: number | undefined;
  /** Where the oldest transaction begins; 0: the log is empty. */
  readonly startBlock: number;
  readonly sequence: number;
  /** Not 0: the filesystem was aborted. */
  readonly errno: number;
  readonly is64Bit: boolean;
  readonly asyncCommit: boolean;
  readonly checksums: ChecksumVersion;
  /** What the checksums of versions 2 and 3 start from. */
  readonly checksumSeed: number;
  /** How many filesystems share an external journal. */
  readonly userCount: number;
  readonly uuid: Uint8Array;
}

const KNOWN_INCOMPAT = Object.values(featureIncompat).reduce((all, bit) => all | bit, 0);
/** The kernel refuses smaller journals (JBD2_MIN_JOURNAL_BLOCKS). */
const MIN_BLOCKS = 1024;
/** As many as a JavaScript Map takes; mke2fs makes no journal of more than 10,240,000 blocks. */
const MAX_BLOCKS = 0xffffff;
const DEFAULT_FAST_COMMIT_BLOCKS = 256;

/**
 * Reads the superblock in block `superblockBlock` of a journal: 0 in a journal file, where the filesystem's superblock ends
 * on an external device. `blockBytes` is the filesystem's. Throws where the kernel would refuse the journal: `corrupt` naming
 * the field, `unsupported` for features that it does not know either.
 */
export function openJournal(source: BlockSource, blockBytes: number, superblockBlock = 0): Journal {
  const bytes = new Uint8Array(journalSuperblock.sizeBytes);
  const superblockBytes = superblockBlock * blockBytes;
  source.readSync(bytes, superblockBytes);
  const disk = journalSuperblock.view(bytes);
  const expect = (right: boolean, field: keyof typeof disk & string, expected: string, found: string) => {
    if (!right) {
      throw new NomountError("corrupt", `jbd2: journal superblock: ${field}: expected ${expected}, found ${found}`, {
        where: {
          label: source.label,
          offsetBytes: superblockBytes + journalSuperblock.offsetOf(field),
        },
      });
    }
  };
  expect(disk.magic === JOURNAL_MAGIC, "magic", hex(JOURNAL_MAGIC), hex(disk.magic));
  const isV2 = disk.blockType === blockTypes.superblockV2;
  expect(isV2 || disk.blockType === blockTypes.superblockV1, "blockType", "3 or 4", String(disk.blockType));
  expect(disk.blockBytes === blockBytes, "blockBytes", String(blockBytes), String(disk.blockBytes));
  const blocksPresent = Math.min(Math.floor(source.sizeBytes / blockBytes), MAX_BLOCKS);
  expect(disk.lengthBlocks <= blocksPresent, "lengthBlocks", `at most ${blocksPresent}`, String(disk.lengthBlocks));
  const { firstBlock, startBlock } = disk;
  expect(firstBlock > 0 && firstBlock < blocksPresent, "firstBlock", `1 to ${blocksPresent - 1}`, String(firstBlock));

  const incompat = isV2 ? disk.featureIncompat : 0;
  const unknown = [incompat & ~KNOWN_INCOMPAT, isV2 ? disk.featureRoCompat : 0];
  if (unknown.some((bits) => bits !== 0)) {
    const [unknownIncompat = 0, unknownRoCompat = 0] = unknown.map((bits) => bits >>> 0);
    throw new NomountError(
      "unsupported",
      `jbd2: journal superblock: unknown features: incompat ${hex(unknownIncompat)}, ro_compat ${hex(unknownRoCompat)}`,
      { where: { label: source.label } },
    );
  }
  const has = (bit: number) => (incompat & bit) !== 0;
  const fastCommitBlocks = has(featureIncompat.fastCommit) ? disk.fastCommitBlocks || DEFAULT_FAST_COMMIT_BLOCKS : 0;
  if (isV2) {
    const least = MIN_BLOCKS + fastCommitBlocks;
    expect(disk.lengthBlocks >= least, "lengthBlocks", `at least ${least}`, String(disk.lengthBlocks));
  }
  const checksums = checksumVersion(incompat, isV2 ? disk.featureCompat : 0);
  expect(checksums !== undefined, "featureIncompat", "one version of checksums", hex(incompat));
  const seeded = checksums === "v2" || checksums === "v3";
  if (seeded) {
    expect(disk.checksumType === CHECKSUM_CRC32C, "checksumType", String(CHECKSUM_CRC32C), String(disk.checksumType));
    const found = disk.checksum;
    bytes.fill(0, journalSuperblock.offsetOf("checksum"), journalSuperblock.offsetOf("checksum") + 4);
    const expected = crc32c(bytes, 0xffffffff);
    expect(found === expected, "checksum", hex(expected, 8), hex(found, 8));
  }
  const endBlock = disk.lengthBlocks - fastCommitBlocks;
  expect(endBlock > firstBlock, "firstBlock", `below ${endBlock}`, String(firstBlock));
  return {
    source,
    blockBytes,
    lengthBlocks: disk.lengthBlocks,
    firstBlock,
    endBlock,
    // One block stays unused between the ring and the area: the kernel counts from j_last + 1.
    fastCommitBlock: fastCommitBlocks > 0 ? endBlock + 1 : undefined,
    startBlock,
    sequence: disk.sequence,
    errno: disk.errno,
    is64Bit: has(featureIncompat.is64Bit),
    asyncCommit: has(featureIncompat.asyncCommit),
    checksums: checksums ?? "none",
    checksumSeed: seeded ? crc32c(disk.uuid, 0xffffffff) : 0,
    userCount: isV2 ? disk.userCount : 1,
    uuid: disk.uuid.slice(),
  };
}

/** Undefined where versions contradict each other. */
function checksumVersion(incompat: number, compat: number): ChecksumVersion | undefined {
  const found: ChecksumVersion[] = [];
  if ((compat & featureCompat.checksum) !== 0) found.push("v1");
  if ((incompat & featureIncompat.checksumV2) !== 0) found.push("v2");
  if ((incompat & featureIncompat.checksumV3) !== 0) found.push("v3");
  return found.length > 1 ? undefined : (found[0] ?? "none");
}
