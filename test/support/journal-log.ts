import { crc32Msb } from "../../src/bytes/crc32-msb.ts";
import { crc32c } from "../../src/bytes/crc32c.ts";
import {
  blockHeader,
  blockTypes,
  commitBlock,
  featureCompat,
  featureIncompat,
  JOURNAL_MAGIC,
  journalSuperblock,
  revokeHeader,
} from "../../src/filesystem/ext/journal/jbd2/layout.ts";
import type { ChecksumVersion } from "../../src/filesystem/ext/journal/jbd2/superblock.ts";

export interface LogForm {
  readonly blockBytes: number;
  readonly checksums: ChecksumVersion;
  readonly is64Bit: boolean;
  readonly asyncCommit?: boolean;
  /** Where in the ring the log begins, and with which transaction. */
  readonly startBlock: number;
  readonly sequence: number;
}

export interface Transaction {
  readonly revokes: readonly number[];
  /** Blocks of the filesystem with what they are to hold. */
  readonly blocks: readonly (readonly [block: number, bytes: Uint8Array])[];
}

const LENGTH_BLOCKS = 1024;
const UUID = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
const INCOMPAT: Readonly<Record<ChecksumVersion, number>> = {
  none: 0,
  v1: 0,
  v2: featureIncompat.checksumV2,
  v3: featureIncompat.checksumV3,
};

/** A journal as the format describes it (kernel Documentation/filesystems/ext4/journal.rst), for what no mke2fs makes. */
export function makeLog(form: LogForm, transactions: readonly Transaction[]): Uint8Array {
  return new LogWriter(form).write(transactions);
}

class LogWriter {
  readonly #form: LogForm;
  readonly #log: Uint8Array;
  readonly #seed: number;
  #next: number;

  constructor(form: LogForm) {
    this.#form = form;
    this.#log = new Uint8Array(LENGTH_BLOCKS * form.blockBytes);
    this.#seed = crc32c(UUID, 0xffffffff);
    this.#next = form.startBlock;
  }

  write(transactions: readonly Transaction[]): Uint8Array {
    this.#superblock();
    transactions.forEach(({ revokes, blocks }, i) => {
      const sequence = (this.#form.sequence + i) >>> 0;
      let sum = 0xffffffff;
      if (revokes.length > 0) this.#revoke(sequence, revokes);
      for (let at = 0; at < blocks.length; at += 40) sum = this.#descriptor(sequence, blocks.slice(at, at + 40), sum);
      this.#commit(sequence, i, sum);
    });
    return this.#log;
  }

  #superblock(): void {
    const { blockBytes, checksums, is64Bit, asyncCommit = false, startBlock, sequence } = this.#form;
    const bytes = journalSuperblock.encode({
      magic: JOURNAL_MAGIC,
      blockType: blockTypes.superblockV2,
      blockBytes,
      lengthBlocks: LENGTH_BLOCKS,
      firstBlock: 1,
      sequence,
      startBlock,
      featureCompat: checksums === "v1" ? featureCompat.checksum : 0,
      featureIncompat:
        featureIncompat.revoke |
        INCOMPAT[checksums] |
        (is64Bit ? featureIncompat.is64Bit : 0) |
        (asyncCommit ? featureIncompat.asyncCommit : 0),
      uuid: UUID,
      userCount: 1,
      checksumType: this.#hasTails ? 4 : 0,
    });
    if (this.#hasTails) new DataView(bytes.buffer).setUint32(journalSuperblock.offsetOf("checksum"), crc32c(bytes, 0xffffffff));
    this.#log.set(bytes);
  }

  #revoke(sequence: number, blocks: readonly number[]): void {
    const [bytes, view] = this.#block(blockTypes.revoke, sequence);
    const recordBytes = this.#form.is64Bit ? 8 : 4;
    let at: number = revokeHeader.sizeBytes;
    for (const block of blocks) {
      if (this.#form.is64Bit) view.setBigUint64(at, BigInt(block));
      else view.setUint32(at, block);
      at += recordBytes;
    }
    view.setUint32(revokeHeader.offsetOf("usedBytes"), at);
    this.#tail(bytes, view);
  }

  /** The descriptor block, then the copies; the first tag has the journal's UUID behind it, the others say that it is the same. */
  #descriptor(sequence: number, blocks: Transaction["blocks"], sum: number): number {
    const { checksums, is64Bit } = this.#form;
    const [bytes, view] = this.#block(blockTypes.descriptor, sequence);
    let at: number = blockHeader.sizeBytes;
    const copies: Uint8Array[] = [];
    blocks.forEach(([block, content], i) => {
      const copy = content.slice();
      const escaped = new DataView(copy.buffer).getUint32(0) === JOURNAL_MAGIC;
      if (escaped) copy.fill(0, 0, 4);
      const flags = (escaped ? 1 : 0) | (i > 0 ? 2 : 0) | (i === blocks.length - 1 ? 8 : 0);
      const number = new Uint8Array(4);
      new DataView(number.buffer).setUint32(0, sequence);
      const checksum = crc32c(copy, crc32c(number, this.#seed));
      view.setUint32(at, block % 2 ** 32);
      if (checksums === "v3") {
        view.setUint32(at + 4, flags);
        view.setUint32(at + 8, is64Bit ? Math.floor(block / 2 ** 32) : 0);
        view.setUint32(at + 12, checksum);
        at += 16;
      } else {
        view.setUint16(at + 4, checksums === "v2" ? checksum & 0xffff : 0);
        view.setUint16(at + 6, flags);
        if (is64Bit) view.setUint32(at + 8, Math.floor(block / 2 ** 32));
        at += 8 + (is64Bit ? 4 : 0) + (checksums === "v2" ? 2 : 0);
      }
      if (i === 0) {
        bytes.set(UUID, at);
        at += UUID.length;
      }
      copies.push(copy);
    });
    this.#tail(bytes, view);
    let after = crc32Msb(bytes, sum);
    for (const copy of copies) {
      this.#take().set(copy);
      after = crc32Msb(copy, after);
    }
    return after;
  }

  #commit(sequence: number, second: number, sum: number): void {
    const [bytes, view] = this.#block(blockTypes.commit, sequence);
    view.setBigUint64(commitBlock.offsetOf("commitSeconds"), BigInt(1_700_000_000 + second));
    const checksum = commitBlock.offsetOf("checksum");
    if (this.#form.checksums === "v1") {
      view.setUint8(commitBlock.offsetOf("checksumType"), 1);
      view.setUint8(commitBlock.offsetOf("checksumBytes"), 4);
      view.setUint32(checksum, sum);
    } else if (this.#hasTails) {
      view.setUint32(checksum, crc32c(bytes, this.#seed));
    }
  }

  get #hasTails(): boolean {
    return this.#form.checksums === "v2" || this.#form.checksums === "v3";
  }

  #tail(bytes: Uint8Array, view: DataView): void {
    if (this.#hasTails) view.setUint32(bytes.length - 4, crc32c(bytes, this.#seed));
  }

  #block(blockType: number, sequence: number): [Uint8Array, DataView] {
    const bytes = this.#take();
    bytes.set(blockHeader.encode({ magic: JOURNAL_MAGIC, blockType, sequence }));
    return [bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length)];
  }

  /** The next block of the ring. */
  #take(): Uint8Array {
    const { blockBytes } = this.#form;
    const bytes = this.#log.subarray(this.#next * blockBytes, (this.#next + 1) * blockBytes);
    this.#next = this.#next + 1 === LENGTH_BLOCKS ? 1 : this.#next + 1;
    return bytes;
  }
}
