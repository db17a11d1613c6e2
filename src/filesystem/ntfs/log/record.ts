import { hex } from "../../../error.ts";
import { changeHeader } from "./layout.ts";
import { operationName } from "./operations.ts";

/** A record of the log as it stands there, whoever wrote it. */
export interface RawRecord {
  readonly lsn: bigint;
  readonly undoNextLsn: bigint;
  readonly transaction: number;
  readonly data: Uint8Array;
}

/** One of the two things that a record tells: how to do a change again, and how to undo it. */
export interface Action {
  readonly operation: number;
  readonly lengthBytes: number;
  /** Undefined where the record has no room for as much as it claims: zeros are meant. */
  readonly data: Uint8Array | undefined;
}

/** A change to the volume, or a word about transactions and tables. */
export interface LogRecord {
  readonly lsn: bigint;
  readonly undoNextLsn: bigint;
  readonly transaction: number;
  readonly redo: Action;
  readonly undo: Action;
  /** In the table of open attributes. */
  readonly attribute: number;
  readonly vcn: bigint;
  /** Where the clusters from `vcn` on lay. */
  readonly lcns: readonly bigint[];
  readonly recordOffset: number;
  readonly attributeOffset: number;
  /** Of the FILE record or index block in its first cluster. */
  readonly clusterOffset: number;
}

const BLOCK_BYTES = 512;

/** What is wrong with the record as a string, or the record taken apart. It keeps windows on `raw.data`. */
export function parseRecord(raw: RawRecord): LogRecord | string {
  const { data } = raw;
  if (data.length < changeHeader.sizeBytes) return `has ${data.length} bytes: expected at least ${changeHeader.sizeBytes}`;
  const header = changeHeader.view(data);
  const lcns: bigint[] = [];
  const end = changeHeader.sizeBytes + 8 * header.clusterCount;
  if (end > data.length) return `names ${header.clusterCount} clusters in ${data.length} bytes`;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = changeHeader.sizeBytes; at < end; at += 8) lcns.push(view.getBigUint64(at, true));
  const action = (operation: number, offset: number, lengthBytes: number): Action => ({
    operation,
    lengthBytes,
    data: offset + lengthBytes <= data.length ? data.subarray(offset, offset + lengthBytes) : undefined,
  });
  return {
    lsn: raw.lsn,
    undoNextLsn: raw.undoNextLsn,
    transaction: raw.transaction,
    redo: action(header.redoOperation, header.redoOffset, header.redoBytes),
    undo: action(header.undoOperation, header.undoOffset, header.undoBytes),
    attribute: header.attribute,
    vcn: header.vcn,
    lcns,
    recordOffset: header.recordOffset,
    attributeOffset: header.attributeOffset,
    clusterOffset: header.clusterBlock * BLOCK_BYTES,
  };
}

/** As messages name it: "record 0x105f56 (UpdateResidentValue)". */
export function recordTitle(lsn: bigint, operation: number): string {
  return `record ${hex(lsn)} (${operationName(operation)})`;
}
