import { nameFromUtf16le } from "../../../bytes/names.ts";
import { type Checkpoint, readCheckpoint } from "./checkpoint.ts";
import { DirtyClusters } from "./dirty-clusters.ts";
import { clusterRange } from "./layout.ts";
import { isUnderstood, OPERATION, targetOf } from "./operations.ts";
import type { LogReader } from "./reader.ts";
import { type LogRecord, recordTitle } from "./record.ts";
import { type OpenAttribute, parseAttribute, type Transaction } from "./tables.ts";

/** What the log says of the moment at which the machine stopped. */
export interface Analysis {
  readonly attributes: ReadonlyMap<number, OpenAttribute>;
  readonly dirty: DirtyClusters;
  /** Those that had not ended. */
  readonly transactions: ReadonlyMap<number, Transaction>;
  /** How many transactions ended behind the checkpoint. */
  readonly ended: number;
  /** Where to begin to redo, or undefined where nothing is to be done. */
  readonly redoLsn: bigint | undefined;
}

/**
 * The first of the three passes: reads on from the checkpoint's tables to the log's end. Throws `corrupt` where the log is
 * damaged, `unsupported` at a record whose operation is not understood.
 */
export function analyse(reader: LogReader, checkpointLsn: bigint): Analysis {
  const checkpoint = readCheckpoint(reader, checkpointLsn);
  const { attributes, transactions, dirtyPages } = checkpoint;
  const dirty = new DirtyClusters(dirtyPages);
  let ended = 0;
  let redoLsn: bigint | undefined;
  for (const record of reader.records(checkpoint.startLsn)) {
    if (record.lsn === checkpoint.startLsn) continue;
    redoLsn ??= record.lsn;
    if (!isUnderstood(record.redo.operation)) throw reader.notUnderstood(record, record.redo.operation);
    follow(transactions, record);
    switch (record.redo.operation) {
      case OPERATION.deleteDirtyClusters:
        forgetClusters(reader, dirty, record);
        break;
      case OPERATION.openNonresidentAttribute:
        attributes.set(record.attribute, openedBy(reader, checkpoint, record));
        break;
      case OPERATION.hotFix:
        dirty.move(record);
        break;
      case OPERATION.prepareTransaction:
      case OPERATION.commitTransaction:
        transactions.set(record.transaction, { ...begun(transactions, record), isActive: false });
        break;
      case OPERATION.forgetTransaction:
        transactions.delete(record.transaction);
        ended += 1;
        break;
      default:
        if (targetOf(record.redo.operation) !== undefined) dirty.add(record);
    }
  }
  for (const { firstLsn } of transactions.values()) redoLsn = older(redoLsn, firstLsn);
  redoLsn = older(redoLsn, dirty.oldestLsn);
  return { attributes, dirty, transactions, ended, redoLsn };
}

/** Each record takes its transaction on; one that undoes another says where to go on with that. */
function follow(transactions: Map<number, Transaction>, record: LogRecord): void {
  const isUndoing =
    record.undo.operation === OPERATION.compensationLogRecord || record.redo.operation === OPERATION.endTopLevelAction;
  const undoNextLsn = isUndoing ? record.undoNextLsn : record.lsn;
  transactions.set(record.transaction, { ...begun(transactions, record), undoNextLsn });
}

function begun(transactions: Map<number, Transaction>, { transaction, lsn }: LogRecord): Transaction {
  return transactions.get(transaction) ?? { isActive: true, firstLsn: lsn, undoNextLsn: lsn };
}

function openedBy(reader: LogReader, { is32Bit }: Checkpoint, { lsn, redo, undo }: LogRecord): OpenAttribute {
  const name = undo.lengthBytes === 0 ? "" : nameFromUtf16le(undo.data ?? new Uint8Array());
  const attribute = redo.data === undefined ? undefined : parseAttribute(redo.data, name, is32Bit);
  if (attribute === undefined)
    throw reader.broken(`${recordTitle(lsn, redo.operation)} has ${redo.lengthBytes} bytes of an entry`);
  return attribute;
}

function forgetClusters(reader: LogReader, dirty: DirtyClusters, { lsn, redo }: LogRecord): void {
  const { data = new Uint8Array() } = redo;
  for (let at = 0; at + clusterRange.sizeBytes <= data.length; at += clusterRange.sizeBytes) {
    const { lcn, clusterCount } = clusterRange.view(data, at);
    if (!dirty.forget(lcn, clusterCount))
      throw reader.broken(`${recordTitle(lsn, redo.operation)} names more clusters than a log can know`);
  }
}

function older(lsn: bigint | undefined, other: bigint | undefined): bigint | undefined {
  if (other === undefined || other === 0n) return lsn;
  return lsn === undefined || other < lsn ? other : lsn;
}
