import { changeHeader, checkpoint } from "../../../src/filesystem/ntfs/log/layout.ts";
import { OPERATION } from "../../../src/filesystem/ntfs/log/operations.ts";
import { type Known, LogRing, type RingOptions } from "./ring.ts";
import {
  align,
  attributeTable,
  type DirtyPageEntry,
  dirtyPageTable,
  nameTable,
  type OpenAttributeEntry,
  type TransactionEntry,
  transactionTable,
} from "./tables.ts";

/** One action of a record: an operation with its data. */
export type Data = readonly [operation: number, data?: Uint8Array];

/** A change as the log has it; what is not given is 0. */
export interface Entry {
  readonly redo: Data;
  readonly undo: Data;
  readonly transaction?: number;
  readonly attribute?: number;
  readonly vcn?: number;
  readonly lcns?: readonly number[];
  readonly recordOffset?: number;
  readonly attributeOffset?: number;
  readonly clusterOffset?: number;
  /** Default: the record of the transaction before, so that all are undone in turn. */
  readonly undoNextLsn?: bigint;
}

export interface Tables {
  readonly attributes?: ReadonlyMap<number, OpenAttributeEntry>;
  readonly dirtyPages?: readonly DirtyPageEntry[];
  readonly transactions?: readonly TransactionEntry[];
}

export interface LogOptions extends RingOptions {
  /** Tables as 32-bit Windows writes them. */
  readonly is32Bit?: boolean;
  /** Of a page of memory. Default: 1. */
  readonly clustersPerPage?: number;
}

/** The place of the first transaction in its table. */
export const TRANSACTION = 0x18;
/** As long as Windows 7 writes it. */
const CHECKPOINT_BYTES = 0x70;

/** Writes a log, record by record, the way Windows lays them out. */
export class LogBuilder {
  readonly ring: LogRing;
  readonly #is32Bit: boolean;
  readonly #clustersPerPage: number;
  /** The last record of all, and of each transaction. */
  #lastLsn = 0n;
  readonly #lastOf = new Map<number, bigint>();
  #known: Known = { currentLsn: 0n, currentBytes: 0, checkpointLsn: 0n, oldestLsn: 0n };

  constructor({ is32Bit = false, clustersPerPage = 1, ...ring }: LogOptions) {
    this.ring = new LogRing(ring);
    this.#is32Bit = is32Bit;
    this.#clustersPerPage = clustersPerPage;
  }

  get lastLsn(): bigint {
    return this.#lastLsn;
  }

  add(entry: Entry): bigint {
    const { redo, undo, transaction = TRANSACTION, lcns = [] } = entry;
    const [redoData, undoData] = [redo[1] ?? new Uint8Array(), undo[1] ?? new Uint8Array()];
    // There is room for one cluster even where none is named.
    const redoOffset = changeHeader.sizeBytes + 8 * Math.max(1, lcns.length);
    const undoOffset = redoOffset + align(redoData.length);
    const data = Buffer.alloc(undoOffset + align(undoData.length));
    data.set(
      changeHeader.encode({
        redoOperation: redo[0],
        undoOperation: undo[0],
        redoOffset,
        redoBytes: redoData.length,
        undoOffset,
        undoBytes: undoData.length,
        attribute: entry.attribute ?? 0,
        clusterCount: lcns.length,
        recordOffset: entry.recordOffset ?? 0,
        attributeOffset: entry.attributeOffset ?? 0,
        clusterBlock: (entry.clusterOffset ?? 0) / 512,
        vcn: BigInt(entry.vcn ?? 0),
      }),
    );
    for (const [i, lcn] of lcns.entries()) data.writeBigUInt64LE(BigInt(lcn), changeHeader.sizeBytes + 8 * i);
    data.set(redoData, redoOffset);
    data.set(undoData, undoOffset);
    return this.#append(data, transaction, 1, entry.undoNextLsn);
  }

  /** Ends a transaction, whose changes count from now on. */
  forget(transaction = TRANSACTION): bigint {
    const ends = { redo: [OPERATION.forgetTransaction], undo: [OPERATION.compensationLogRecord] } as const;
    const lsn = this.add({ ...ends, transaction, undoNextLsn: 0n });
    this.#lastOf.delete(transaction);
    return lsn;
  }

  /** Writes down what is under way, and the record that leads there. */
  checkpoint({ attributes = new Map(), dirtyPages = [], transactions = [] }: Tables): bigint {
    const startLsn = this.#lastLsn;
    const [attributesLsn, attributesBytes] = this.#dump(
      OPERATION.openAttributeTableDump,
      attributeTable(attributes, this.#is32Bit),
    );
    const [namesLsn, namesBytes] = this.#dump(OPERATION.attributeNamesDump, nameTable(attributes));
    const dirtyTable = dirtyPageTable(dirtyPages, this.#clustersPerPage, this.#is32Bit);
    const [dirtyPagesLsn, dirtyPagesBytes] = this.#dump(OPERATION.dirtyPageTableDump, dirtyTable);
    const [transactionsLsn, transactionsBytes] = this.#dump(OPERATION.transactionTableDump, transactionTable(transactions));
    this.#lastOf.delete(TRANSACTION);
    const lsns = { startLsn, attributesLsn, namesLsn, dirtyPagesLsn, transactionsLsn };
    const lengths = { attributesBytes, namesBytes, dirtyPagesBytes, transactionsBytes };
    const data = Buffer.alloc(CHECKPOINT_BYTES);
    data.set(checkpoint.encode({ majorVersion: this.#is32Bit ? 0 : 1, ...lsns, ...lengths }));
    const lsn = this.#append(data, 0, 2, 0n);
    const needed = [
      startLsn,
      attributesLsn,
      ...dirtyPages.map((page) => page.oldestLsn),
      ...transactions.map((one) => one.firstLsn),
    ];
    const [oldestLsn = lsn] = needed.filter((at) => at !== 0n).sort((a, b) => Number(a - b));
    this.#known = { currentLsn: lsn, currentBytes: data.length, checkpointLsn: lsn, oldestLsn };
    return lsn;
  }

  build(options: { closed?: boolean; inCopies?: boolean } = {}): Buffer {
    return this.ring.build(this.#known, options);
  }

  #dump(operation: number, bytes: Buffer): [lsn: bigint, lengthBytes: number] {
    if (bytes.length === 0) return [0n, 0];
    return [this.add({ redo: [operation, bytes], undo: [OPERATION.noop] }), bytes.length];
  }

  #append(data: Buffer, transaction: number, type: 1 | 2, undoNextLsn?: bigint): bigint {
    const previousLsn = this.#lastOf.get(transaction) ?? 0n;
    this.#lastLsn = this.ring.append(data, { previousLsn, undoNextLsn: undoNextLsn ?? previousLsn, type, transaction });
    if (type === 1) this.#lastOf.set(transaction, this.#lastLsn);
    return this.#lastLsn;
  }
}
