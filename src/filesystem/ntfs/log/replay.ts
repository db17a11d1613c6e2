import { type Analysis, analyse } from "./analysis.ts";
import type { Draft, Place } from "./draft.ts";
import { isUnderstood, targetOf } from "./operations.ts";
import type { LogReader } from "./reader.ts";
import { type Action, type LogRecord, recordTitle } from "./record.ts";

/** What a replay did. */
export interface Replayed {
  /** Transactions that ended behind the checkpoint. */
  readonly transactions: number;
  /** Transactions that had not ended, of which nothing is left. */
  readonly undone: number;
}

/**
 * Does what Windows does when it mounts a volume that was not closed: finds out what was under way, does all changes again
 * that the disk lacks, and undoes those of transactions that had not ended (fslog.c, `log_replay`). Throws `corrupt` or
 * `unsupported` naming the record; the draft is then of no use.
 */
export function replay(reader: LogReader, checkpointLsn: bigint, draft: Draft): Replayed {
  const analysis = analyse(reader, checkpointLsn);
  redo(reader, analysis, draft);
  const undone = undo(reader, analysis, draft);
  const problem = draft.problem();
  if (problem !== undefined) throw reader.broken(problem);
  return { transactions: analysis.ended, undone };
}

function redo(reader: LogReader, analysis: Analysis, draft: Draft): void {
  if (analysis.redoLsn === undefined) return;
  for (const record of reader.records(analysis.redoLsn)) {
    const places = analysis.dirty.placesOf(record);
    if (places === undefined || places.length === 0) continue;
    act(reader, analysis, draft, record, record.redo, places, record.lsn);
  }
}

/** Returns how many transactions were undone. */
function undo(reader: LogReader, analysis: Analysis, draft: Draft): number {
  let undone = 0;
  for (const { isActive, undoNextLsn } of analysis.transactions.values()) {
    if (!isActive || undoNextLsn === 0n) continue;
    let acts = false;
    for (let lsn = undoNextLsn; lsn !== 0n; ) {
      const record = reader.record(lsn);
      const places = placesToUndo(record, analysis);
      if (places.length > 0) act(reader, analysis, draft, record, record.undo, places, undefined);
      if (record.undoNextLsn >= lsn)
        throw reader.broken(`${recordTitle(lsn, record.undo.operation)} leads forward to be undone`);
      acts ||= targetOf(record.undo.operation) !== undefined;
      lsn = record.undoNextLsn;
    }
    // Writing the tables of a checkpoint counts as a transaction too, of which nothing is to be undone.
    if (acts) undone += 1;
  }
  return undone;
}

/** Clusters that no dirty page tells of lie where they lay when the record was written: no one else gets them before it ends. */
function placesToUndo({ attribute, vcn, lcns }: LogRecord, { dirty }: Analysis): readonly bigint[] {
  const places = lcns.map((lcn, i) => dirty.placeOf(attribute, vcn + BigInt(i)) ?? lcn);
  const given = places.indexOf(0n);
  return given < 0 ? places : places.slice(0, given);
}

function act(
  reader: LogReader,
  { attributes }: Analysis,
  draft: Draft,
  record: LogRecord,
  action: Action,
  lcns: Place["lcns"],
  lsn: bigint | undefined,
): void {
  if (!isUnderstood(action.operation)) throw reader.notUnderstood(record, action.operation);
  if (targetOf(action.operation) === undefined) return;
  const attribute = attributes.get(record.attribute);
  const problem =
    attribute === undefined
      ? `attribute ${record.attribute} is not in the table of open ones`
      : draft.apply(record, action, { attribute, lcns }, lsn);
  if (problem !== undefined) throw reader.broken(`${recordTitle(record.lsn, action.operation)}: ${problem}`);
}
