import { hex } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { applyUpdateSequence } from "../update-sequence.ts";
import { clientRecord, restartArea, restartPage } from "./layout.ts";

/** What the newest of the two restart pages says of the log. */
export interface Restart {
  /** "1.1", "2.0". */
  readonly version: string;
  readonly majorVersion: number;
  readonly systemPageBytes: number;
  readonly pageBytes: number;
  /** The last record when the page was written. */
  readonly currentLsn: bigint;
  readonly lastRecordBytes: number;
  /** Whether Windows closed the volume in order. */
  readonly isClosed: boolean;
  /** A check of the disk has made the log's records obsolete. */
  readonly isObsolete: boolean;
  readonly writesSinglePages: boolean;
  /** How many bits of a number are a position in the log. */
  readonly positionBits: number;
  readonly logBytes: number;
  readonly recordHeaderBytes: number;
  readonly pageDataOffset: number;
  /** The user of the log that NTFS is; undefined where nobody has it open. */
  readonly client: Client | undefined;
}

export interface Client {
  readonly index: number;
  readonly sequence: number;
  readonly oldestLsn: bigint;
  /** The last checkpoint; 0 where there was none yet. */
  readonly checkpointLsn: bigint;
}

const RESTART_SIGNATURE = 0x52545352;
const CHECKED_SIGNATURE = 0x444b4843;
/** Of a processor of Windows; other sizes were never seen, though the format has room for them. */
const USUAL_PAGE_BYTES = 4096;
const MAX_PAGE_BYTES = 64 * 1024;
const NOBODY = 0xffff;
const SINGLE_PAGES = 1;
const CLOSED_IN_ORDER = 2;

/** "empty" of a log that holds nothing: filled with 0xff by mkntfs, or by a driver that does not replay it. */
export function readRestart(log: BlockSource): Restart | "empty" | "damaged" {
  const bytes = new Uint8Array(2 * USUAL_PAGE_BYTES);
  if (bytes.length > log.sizeBytes) return "damaged";
  log.readSync(bytes, 0);
  if (bytes.every((byte) => byte === 0xff)) return "empty";
  const first = pageAt(log, bytes.slice(0, USUAL_PAGE_BYTES), 0);
  const second =
    first === undefined || first.systemPageBytes === USUAL_PAGE_BYTES
      ? pageAt(log, bytes.slice(USUAL_PAGE_BYTES), USUAL_PAGE_BYTES)
      : pageAt(log, undefined, first.systemPageBytes);
  if (first === undefined || second === undefined) return first ?? second ?? "damaged";
  return second.currentLsn > first.currentLsn ? second : first;
}

function pageAt(log: BlockSource, head: Uint8Array | undefined, offsetBytes: number): Restart | undefined {
  let bytes = head ?? new Uint8Array(restartPage.sizeBytes);
  if (offsetBytes + bytes.length > log.sizeBytes) return undefined;
  if (head === undefined) log.readSync(bytes, offsetBytes);
  const { signature, systemPageBytes } = restartPage.view(bytes);
  if (signature !== RESTART_SIGNATURE && signature !== CHECKED_SIGNATURE) return undefined;
  if (systemPageBytes < 512 || systemPageBytes > MAX_PAGE_BYTES || offsetBytes + systemPageBytes > log.sizeBytes)
    return undefined;
  if (systemPageBytes !== bytes.length) {
    bytes = new Uint8Array(systemPageBytes);
    log.readSync(bytes, offsetBytes);
  }
  return parseRestartPage(bytes);
}

/** Undefined of a page that is torn, or that has no room for what it should hold. */
function parseRestartPage(bytes: Uint8Array): Restart | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (applyUpdateSequence(view, 0, bytes.length) !== undefined) return undefined;
  const page = restartPage.view(view);
  if (page.restartAreaOffset + restartArea.sizeBytes > bytes.length) return undefined;
  const area = restartArea.view(view, page.restartAreaOffset);
  const clientOffset = page.restartAreaOffset + area.clientsOffset + area.clientInUseList * clientRecord.sizeBytes;
  const hasClient = area.clientInUseList !== NOBODY && clientOffset + clientRecord.sizeBytes <= bytes.length;
  const record = hasClient ? clientRecord.view(view, clientOffset) : undefined;
  return {
    version: `${page.majorVersion}.${page.minorVersion}`,
    majorVersion: page.majorVersion,
    systemPageBytes: page.systemPageBytes,
    pageBytes: page.logPageBytes,
    currentLsn: area.currentLsn,
    lastRecordBytes: area.lastRecordBytes,
    isClosed: area.clientInUseList === NOBODY || (area.flags & CLOSED_IN_ORDER) !== 0,
    isObsolete: page.signature === CHECKED_SIGNATURE,
    writesSinglePages: (area.flags & SINGLE_PAGES) !== 0,
    positionBits: 64 - area.sequenceBits,
    logBytes: Number(area.logBytes),
    recordHeaderBytes: area.recordHeaderBytes,
    pageDataOffset: area.pageDataOffset,
    client:
      record === undefined
        ? undefined
        : {
            index: area.clientInUseList,
            sequence: record.sequence,
            oldestLsn: record.oldestLsn,
            checkpointLsn: record.restartLsn,
          },
  };
}

/** Why a log cannot be replayed by what its restart page says, or undefined. */
export function restartProblem(restart: Restart, log: BlockSource): string | undefined {
  const { pageBytes, systemPageBytes, logBytes, positionBits, recordHeaderBytes, pageDataOffset, client, version } = restart;
  if (version !== "1.1" && version !== "2.0") return `version ${version} is not known: expected 1.1 or 2.0`;
  if (pageBytes !== systemPageBytes || !Number.isInteger(Math.log2(pageBytes)))
    return `pages of ${pageBytes} and ${systemPageBytes} bytes: expected one size, a power of two`;
  if (logBytes > log.sizeBytes || logBytes % pageBytes !== 0)
    return `expected whole pages up to byte ${log.sizeBytes}, found ${logBytes} bytes`;
  // A position is in units of 8 bytes: as many bits as the size of the log has, less three.
  if (positionBits !== Math.floor(Math.log2(logBytes)) + 1 - 3)
    return `${64 - positionBits} bits for the rounds of a log of ${logBytes} bytes`;
  if (pageDataOffset % 8 !== 0 || recordHeaderBytes % 8 !== 0 || pageDataOffset + recordHeaderBytes > pageBytes)
    return `records with ${recordHeaderBytes} bytes ahead from ${hex(pageDataOffset)} on do not fit pages of ${pageBytes} bytes`;
  return client === undefined ? "its restart page has no room for the client that it names" : undefined;
}
