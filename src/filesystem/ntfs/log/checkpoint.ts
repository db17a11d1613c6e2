import { checkpoint } from "./layout.ts";
import type { LogReader } from "./reader.ts";
import {
  type DirtyPage,
  type OpenAttribute,
  parseAttributes,
  parseDirtyPages,
  parseTransactions,
  type Transaction,
} from "./tables.ts";

/** What was under way when Windows last wrote it down. */
export interface Checkpoint {
  /** The record after this one is the first that the tables do not know of. */
  readonly startLsn: bigint;
  /** Whether the tables are in the form of 32-bit Windows. */
  readonly is32Bit: boolean;
  readonly attributes: Map<number, OpenAttribute>;
  readonly transactions: Map<number, Transaction>;
  readonly dirtyPages: readonly DirtyPage[];
}

/** Throws `corrupt` where the checkpoint or one of its tables is damaged. */
export function readCheckpoint(reader: LogReader, lsn: bigint): Checkpoint {
  const data = reader.checkpoint(lsn);
  if (data.length < checkpoint.sizeBytes) throw reader.broken(`the checkpoint has ${data.length} bytes`);
  const head = checkpoint.view(data);
  const is32Bit = head.majorVersion === 0;
  /** The tables are the redo data of records; one of no length was not written. */
  const table = (tableLsn: bigint, lengthBytes: number): Uint8Array | undefined => {
    if (lengthBytes === 0) return undefined;
    const { redo } = reader.record(tableLsn);
    if (redo.data === undefined) throw reader.broken(`the table in record 0x${tableLsn.toString(16)} is cut short`);
    return redo.data;
  };
  const parsed = <T>(what: string, value: T | string): T => {
    if (typeof value === "string") throw reader.broken(`the checkpoint's table of ${what} ${value}`);
    return value;
  };
  const transactions = table(head.transactionsLsn, head.transactionsBytes);
  const dirtyPages = table(head.dirtyPagesLsn, head.dirtyPagesBytes);
  const names = table(head.namesLsn, head.namesBytes) ?? new Uint8Array();
  const attributes = table(head.attributesLsn, head.attributesBytes);
  return {
    startLsn: head.startLsn === 0n ? lsn : head.startLsn,
    is32Bit,
    transactions: transactions === undefined ? new Map() : parsed("transactions", parseTransactions(transactions)),
    dirtyPages: dirtyPages === undefined ? [] : parsed("dirty pages", parseDirtyPages(dirtyPages, is32Bit)),
    attributes: attributes === undefined ? new Map() : parsed("open attributes", parseAttributes(attributes, names, is32Bit)),
  };
}
