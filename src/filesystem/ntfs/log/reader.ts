import { hex, NomountError } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { findLastLsn } from "./end.ts";
import { recordHeader } from "./layout.ts";
import { LogPages } from "./pages.ts";
import { Positions } from "./positions.ts";
import { type LogRecord, parseRecord, type RawRecord, recordTitle } from "./record.ts";
import { type Client, type Restart, restartProblem } from "./restart.ts";

interface Located extends RawRecord {
  readonly type: number;
  readonly isOurs: boolean;
  /** The page in which it ends, and where in it. */
  readonly endPage: number;
  readonly endInPage: number;
  /** Of the page in which it ends. */
  readonly isLastOfPage: boolean;
}

const CHANGE = 1;
const CHECKPOINT = 2;

/** Reads records by their number, and one after the other. Everything throws `corrupt` naming the record. */
export class LogReader {
  readonly lastLsn: bigint;
  readonly #label: string;
  readonly #client: Client;
  readonly #restart: Restart;
  readonly #pages: LogPages;
  readonly #positions: Positions;

  constructor(log: BlockSource, restart: Restart) {
    this.#label = log.label;
    const problem = restartProblem(restart, log);
    if (problem !== undefined || restart.client === undefined) throw this.broken(`restart page: ${problem}`);
    this.#restart = restart;
    this.#client = restart.client;
    this.#pages = new LogPages(log, restart);
    this.#positions = new Positions(restart);
    this.lastLsn = findLastLsn(this.#pages, this.#positions, restart, log.label);
  }

  /** 0 where there is none yet. */
  get checkpointLsn(): bigint {
    return this.#client.checkpointLsn;
  }

  /** The data of the checkpoint at `lsn`. */
  checkpoint(lsn: bigint): Uint8Array {
    const { type, data } = this.#locate(lsn);
    if (type !== CHECKPOINT) throw this.broken(`record ${hex(lsn)} is no checkpoint, but of type ${type}`);
    return data;
  }

  record(lsn: bigint): LogRecord {
    const located = this.#locate(lsn);
    if (located.type !== CHANGE) throw this.broken(`record ${hex(lsn)} is no change, but of type ${located.type}`);
    return this.#parse(located);
  }

  /** The changes from `lsn` on, which is the number of a record of any kind, up to the log's end. */
  *records(lsn: bigint): Generator<LogRecord> {
    for (let at: bigint | undefined = lsn; at !== undefined; ) {
      const located: Located = this.#locate(at);
      if (located.isOurs && located.type === CHANGE) yield this.#parse(located);
      at = this.#nextLsn(located);
    }
  }

  broken(problem: string): NomountError {
    return new NomountError("corrupt", `ntfs: $LogFile: ${problem}`, { where: { label: this.#label } });
  }

  notUnderstood({ lsn }: LogRecord, operation: number): NomountError {
    const problem = `${recordTitle(lsn, operation)}: no public description tells what it changes`;
    return new NomountError("unsupported", `ntfs: $LogFile: ${problem}`, { where: { label: this.#label } });
  }

  #parse(located: Located): LogRecord {
    const record = parseRecord(located);
    if (typeof record === "string") throw this.broken(`record ${hex(located.lsn)} ${record}`);
    return record;
  }

  #locate(lsn: bigint): Located {
    if (lsn < this.#client.oldestLsn || lsn > this.lastLsn)
      throw this.broken(`record ${hex(lsn)} is outside of ${hex(this.#client.oldestLsn)} to ${hex(this.lastLsn)}`);
    const { pageBytes, recordHeaderBytes, pageDataOffset } = this.#restart;
    const offset = this.#positions.offsetOf(lsn);
    const inPage = offset % pageBytes;
    if (offset < this.#pages.firstOffset || offset >= this.#pages.endOffset || inPage < pageDataOffset)
      throw this.broken(`record ${hex(lsn)} would begin at byte ${hex(offset)}, where none can`);
    if (inPage + recordHeaderBytes > pageBytes) throw this.broken(`record ${hex(lsn)} has no room for its header`);
    let pageOffset = offset - inPage;
    let page = this.#page(pageOffset, lsn);
    const header = recordHeader.view(page.bytes, inPage);
    if (header.lsn !== lsn) throw this.broken(`record ${hex(lsn)}: found ${hex(header.lsn)} in its place`);
    if (header.dataBytes > this.#pages.endOffset) throw this.broken(`record ${hex(lsn)} claims ${header.dataBytes} bytes`);
    const data = new Uint8Array(header.dataBytes);
    let from = inPage + recordHeaderBytes;
    for (let done = 0; ; from = pageDataOffset) {
      const part = page.bytes.subarray(from, Math.min(from + data.length - done, pageBytes));
      data.set(part, done);
      done += part.length;
      if (done === data.length) {
        if (!page.endsRecord || page.lastEndLsn < lsn) throw this.broken(`record ${hex(lsn)} does not end in its last page`);
        const { undoNextLsn, transaction, type, clientIndex, clientSequence } = header;
        const isOurs = clientIndex === this.#client.index && clientSequence === this.#client.sequence;
        const end = { endPage: pageOffset, endInPage: from + part.length, isLastOfPage: page.lastLsn === lsn };
        return { lsn, undoNextLsn, transaction, data, type, isOurs, ...end };
      }
      pageOffset = this.#pages.next(pageOffset);
      page = this.#page(pageOffset, lsn);
    }
  }

  #page(offset: number, lsn: bigint) {
    const page = this.#pages.page(offset);
    if (page === undefined)
      throw this.broken(`record ${hex(lsn)}: the log page at ${hex(offset)} is torn, or no page of records`);
    if (page.lastLsn < lsn) throw this.broken(`record ${hex(lsn)}: the log page at ${hex(offset)} is older than it`);
    return page;
  }

  /** A record that is the last of its page is followed by one in the next page, whatever room is left. */
  #nextLsn({ lsn, endPage, endInPage, isLastOfPage }: Located): bigint | undefined {
    const aligned = endPage + Math.ceil(endInPage / 8) * 8;
    const offset = isLastOfPage ? this.#pages.next(endPage) + this.#restart.pageDataOffset : aligned;
    const wraps = offset < this.#positions.offsetOf(lsn);
    const next = this.#positions.lsnAt(this.#positions.roundOf(lsn) + (wraps ? 1n : 0n), offset);
    return next > this.lastLsn ? undefined : next;
  }
}
