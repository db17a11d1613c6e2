import { clientRecord, recordHeader, recordPage, restartArea, restartPage } from "../../../src/filesystem/ntfs/log/layout.ts";
import { writeUpdateSequence } from "../../../src/filesystem/ntfs/log/protect.ts";

export type Version = "1.1" | "2.0";

export interface RingOptions {
  readonly version?: Version;
  readonly logBytes: number;
  /** The page with which the records begin, to let them go round the end. */
  readonly firstPage?: number;
}

/** What the restart pages say. */
export interface Known {
  readonly currentLsn: bigint;
  readonly currentBytes: number;
  readonly checkpointLsn: bigint;
  readonly oldestLsn: bigint;
}

export const PAGE_BYTES = 4096;
const DATA_OFFSET = 0x40;
const HEADER_BYTES = recordHeader.sizeBytes;
/** A fresh log begins with this round, as those of Windows do. */
const FIRST_ROUND = 2n;

/** The pages of a log, filled one after the other with records. */
export class LogRing {
  /** By number, without update sequences. */
  readonly pages = new Map<number, Buffer>();
  readonly version: Version;
  readonly logBytes: number;
  /** The number of the page in which the next record begins or goes on. */
  page: number;
  readonly #positionBits: bigint;
  readonly #first: number;
  #round = FIRST_ROUND;
  #at = DATA_OFFSET;

  constructor({ version = "1.1", logBytes, firstPage }: RingOptions) {
    this.version = version;
    this.logBytes = Math.floor(logBytes / PAGE_BYTES) * PAGE_BYTES;
    this.#positionBits = BigInt(Math.floor(Math.log2(this.logBytes)) + 1 - 3);
    this.#first = version === "1.1" ? 4 : 34;
    this.page = firstPage ?? this.#first;
  }

  /** Returns the number that the record gets. */
  append(data: Buffer, header: { previousLsn: bigint; undoNextLsn: bigint; type: 1 | 2; transaction: number }): bigint {
    if (this.#at + HEADER_BYTES > PAGE_BYTES) this.turnPage();
    const lsn = (this.#round << this.#positionBits) + BigInt((this.page * PAGE_BYTES + this.#at) / 8);
    const isLong = this.#at + HEADER_BYTES + data.length > PAGE_BYTES;
    const head = recordHeader.encode({ ...header, lsn, dataBytes: data.length, flags: isLong ? 1 : 0 });
    const record = Buffer.concat([head, data]);
    for (let done = 0; done < record.length; ) {
      if (done > 0) this.turnPage();
      const page = this.#current();
      const part = record.subarray(done, done + PAGE_BYTES - this.#at);
      part.copy(page, this.#at);
      this.#at += part.length;
      done += part.length;
      page.writeBigUInt64LE(lsn, recordPage.offsetOf("lastLsn"));
      // A record that goes on in the next page leaves the place where it begins; a page that it fills has none.
      if (done < record.length) continue;
      page.writeUInt16LE(this.#at, recordPage.offsetOf("nextRecordOffset"));
      page.writeBigUInt64LE(lsn, recordPage.offsetOf("lastEndLsn"));
      page.writeUInt32LE(1, recordPage.offsetOf("flags"));
    }
    return lsn;
  }

  /** Leaves the rest of the page unused. */
  turnPage(): void {
    this.#at = DATA_OFFSET;
    this.page += 1;
    if (this.page * PAGE_BYTES < this.logBytes) return;
    this.page = this.#first;
    this.#round += 1n;
  }

  /** All of the log; the rest is as a format leaves it. `inCopies`: the last page is there only. */
  build(known: Known, options: { closed?: boolean; inCopies?: boolean } = {}): Buffer {
    const log = Buffer.alloc(this.logBytes, 0xff);
    for (const [number, page] of this.pages) {
      if (options.inCopies !== true || number !== this.page) protect(page).copy(log, number * PAGE_BYTES);
    }
    const last = this.pages.get(this.page);
    const copies = this.version === "1.1" ? [2, 3] : [2, 18];
    if (last !== undefined) for (const number of copies) this.#copyOf(last).copy(log, number * PAGE_BYTES);
    for (const number of [0, 1]) this.#restartPage(known, options.closed === true).copy(log, number * PAGE_BYTES);
    return log;
  }

  #current(): Buffer {
    const known = this.pages.get(this.page);
    if (known !== undefined) return known;
    const page = Buffer.alloc(PAGE_BYTES);
    const header = { signature: 0x44524352, updateSequenceOffset: 0x28, updateSequenceCount: 9, pageCount: 1, pagePosition: 1 };
    page.set(recordPage.encode(header));
    this.pages.set(this.page, page);
    return page;
  }

  #copyOf(page: Buffer): Buffer {
    const copy = Buffer.from(page);
    const offset = this.page * PAGE_BYTES;
    if (this.version === "1.1") copy.writeBigUInt64LE(BigInt(offset), recordPage.offsetOf("lastLsn"));
    else copy.writeUInt32LE(offset, recordPage.offsetOf("fileOffset"));
    return protect(copy);
  }

  #restartPage({ currentLsn, currentBytes, checkpointLsn, oldestLsn }: Known, closed: boolean): Buffer {
    const page = Buffer.alloc(PAGE_BYTES);
    const restartAreaOffset = 0x30;
    const clientsOffset = 0x40;
    page.set(
      restartPage.encode({
        signature: 0x52545352,
        updateSequenceOffset: 0x1e,
        updateSequenceCount: 9,
        systemPageBytes: PAGE_BYTES,
        logPageBytes: PAGE_BYTES,
        restartAreaOffset,
        minorVersion: this.version === "1.1" ? 1 : 0,
        majorVersion: this.version === "1.1" ? 1 : 2,
      }),
    );
    page.set(
      restartArea.encode({
        currentLsn,
        clientCount: 1,
        clientFreeList: closed ? 0 : 0xffff,
        clientInUseList: closed ? 0xffff : 0,
        sequenceBits: 64 - Number(this.#positionBits),
        areaBytes: clientsOffset + clientRecord.sizeBytes,
        clientsOffset,
        logBytes: BigInt(this.logBytes),
        lastRecordBytes: currentBytes,
        recordHeaderBytes: HEADER_BYTES,
        pageDataOffset: DATA_OFFSET,
        openCount: 1,
      }),
      restartAreaOffset,
    );
    page.set(
      clientRecord.encode({
        oldestLsn,
        restartLsn: checkpointLsn,
        previousClient: 0xffff,
        nextClient: 0xffff,
        nameBytes: 8,
        name: Buffer.from("NTFS", "utf16le"),
      }),
      restartAreaOffset + clientsOffset,
    );
    return protect(page);
  }
}

function protect(page: Buffer): Buffer {
  const bytes = Buffer.from(page);
  if (!writeUpdateSequence(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length))) throw new Error("no room");
  return bytes;
}
