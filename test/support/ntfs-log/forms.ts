import { OPERATION } from "../../../src/filesystem/ntfs/log/operations.ts";
import { writeUpdateSequence } from "../../../src/filesystem/ntfs/log/protect.ts";
import { type Entry, type LogBuilder, TRANSACTION } from "./builder.ts";
import { commit, type LogCase, logCase } from "./cases.ts";
import { attributeEntry } from "./tables.ts";
import { CLUSTER_BYTES, type LoggedVolume, type Target } from "./volume.ts";

type Change = Pick<Entry, "redo" | "undo" | "recordOffset" | "attributeOffset">;

const SECOND = TRANSACTION + 0x28;
const { updateResidentValue: update, updateNonresidentValue: write } = OPERATION;

/** What does not hang on an operation: forms of the log, and what is under way when the machine stops. */
export function formCases(volume: LoggedVolume): readonly LogCase[] {
  return [...layoutCases(volume), ...transactionCases(volume), ...pageCases(volume)];
}

/** A file's four bytes of content, in capitals and back. */
function capitals(volume: LoggedVolume, redo = "TINY"): { target: Target; change: Change } {
  const number = volume.image.id("/data/resident");
  const target = volume.record(number);
  const recordOffset = volume.attributeOffset(number, 0x80);
  const at = { recordOffset, attributeOffset: target.bytes.readUInt16LE(recordOffset + 20) };
  return { target, change: { ...at, redo: [update, Buffer.from(redo)], undo: [update, Buffer.from("tiny")] } };
}

function layoutCases(volume: LoggedVolume): readonly LogCase[] {
  const { target, change } = capitals(volume);
  const data = volume.data();
  const long: Change = { redo: [write, Buffer.alloc(4000, 0x33)], undo: [write, data.bytes.subarray(0, 4000)] };
  const ringPages = Math.floor(volume.logBytes / CLUSTER_BYTES);
  const inCopies = (version: "1.1" | "2.0"): Buffer => {
    const log = volume.log({ version });
    const { page } = log.ring;
    while (log.ring.page === page) log.forget();
    commit(log, target, change);
    return log.build({ inCopies: true });
  };
  const old = target.entry.attribute;
  const in32 = { ...target, entry: { ...target.entry, attribute: 0x18 + ((old - 0x18) / 0x28) * 0x2c } };
  const last = { firstPage: ringPages - 5 };
  return [
    logCase(volume, "version 2.0", target, (log) => commit(log, target, change), { version: "2.0" }),
    { name: "the last page in its copies only", image: () => volume.withLog(inCopies("1.1")), target },
    { name: "the last page in its copies only, version 2.0", image: () => volume.withLog(inCopies("2.0")), target },
    logCase(volume, "tables of 32-bit Windows", in32, (log) => commit(log, in32, change), { is32Bit: true }),
    logCase(volume, "a record over three pages", data, (log) => commit(log, data, long)),
    logCase(volume, "a record round the end of the log", data, (log) => commit(log, data, long), last),
    logCase(volume, "round the end of the log", target, (log) => manyThen(log, target, change), last),
    logCase(volume, "round the end of the log, version 2.0", target, (log) => manyThen(log, target, change), {
      ...last,
      version: "2.0",
    }),
  ];
}

function manyThen(log: LogBuilder, target: Target, change: Change): void {
  for (let i = 0; i < 60; i++) commit(log, target, { ...change, redo: [update, Buffer.from(String(1000 + i))] });
  commit(log, target, change);
}

function transactionCases(volume: LoggedVolume): readonly LogCase[] {
  const { target, change } = capitals(volume);
  const other = volume.index();
  const entry = { ...target.entry, ...change };
  const second = { redo: [update, Buffer.from("SECOND")], undo: [update, Buffer.from("TINY")] } as const;
  const ends = (operation: number) => (log: LogBuilder) => {
    log.add(entry);
    log.add({ redo: [operation], undo: [OPERATION.compensationLogRecord] });
  };
  return [
    logCase(volume, "one of two transactions committed", target, (log) => {
      log.add({ ...entry, transaction: SECOND });
      commit(log, volume.bitmap(), { redo: [OPERATION.setBits, bits(3001, 9)], undo: [OPERATION.clearBits, bits(3001, 9)] });
    }),
    logCase(volume, "two changes of a transaction undone in turn", target, (log) => {
      log.add(entry);
      log.add({ ...entry, ...second });
    }),
    logCase(volume, "undone in part when the machine stopped", target, (log) => {
      const firstLsn = log.add(entry);
      log.add({ ...entry, ...second });
      log.add({ ...entry, redo: second.undo, undo: [OPERATION.compensationLogRecord], undoNextLsn: firstLsn });
    }),
    logCase(volume, "CommitTransaction without ForgetTransaction", target, ends(OPERATION.commitTransaction)),
    logCase(volume, "PrepareTransaction", target, ends(OPERATION.prepareTransaction)),
    logCase(volume, "EndTopLevelAction", target, (log) => {
      log.add(entry);
      log.add({ redo: [OPERATION.endTopLevelAction], undo: [OPERATION.compensationLogRecord], undoNextLsn: 0n });
    }),
    fromBefore(volume, "begun before the checkpoint", target, (log) => log.add(entry), false),
    fromBefore(volume, "a page that was dirty at the checkpoint", target, (log) => commitOf(log, entry), true),
    fromBefore(volume, "a page that was written before the checkpoint", other, (log) => commitOf(log, entry), false),
  ];
}

function commitOf(log: LogBuilder, entry: Entry): bigint {
  const lsn = log.add(entry);
  log.forget();
  return lsn;
}

/** What comes before the last checkpoint: it tells of the page that is not on the disk, or of the transaction, where there is one. */
function fromBefore(
  volume: LoggedVolume,
  name: string,
  target: Target,
  write: (log: LogBuilder) => bigint,
  isDirty: boolean,
): LogCase {
  const log = volume.log();
  const lsn = write(log);
  const { attribute, vcn, lcns } = target.entry;
  const isOpen = name.startsWith("begun");
  log.checkpoint({
    attributes: volume.attributes(0x28),
    dirtyPages: isDirty || isOpen ? [{ attribute, vcn, lcns, oldestLsn: lsn }] : [],
    transactions: isOpen ? [{ id: TRANSACTION, firstLsn: lsn, undoNextLsn: lsn }] : [],
  });
  const bitmap = volume.bitmap();
  const range = bits(3001, 5);
  log.add({ ...bitmap.entry, transaction: SECOND, redo: [OPERATION.setBits, range], undo: [OPERATION.clearBits, range] });
  log.forget(SECOND);
  return { name, image: () => volume.withLog(log.build()), target };
}

function pageCases(volume: LoggedVolume): readonly LogCase[] {
  const { target, change } = capitals(volume);
  const data = volume.data();
  const value: Change = { redo: [write, Buffer.alloc(16, 0x44)], undo: [write, data.bytes.subarray(0, 16)] };
  const later = 0x18 + 6 * 0x28;
  const opened = attributeEntry({ file: volume.image.id("/data/plain"), type: 0x80 }, false);
  const [lcn = 0] = data.entry.lcns;
  const given = Buffer.alloc(16);
  given.writeBigUInt64LE(BigInt(lcn), 0);
  given.writeBigUInt64LE(1n, 8);
  let lsn = 0n;
  const newer = logCase(volume, "a FILE record that has the change already", target, (log) => {
    commit(log, target, change);
    lsn = log.lastLsn;
  });
  const foreign = logCase(volume, "a FILE record with a number of another log", target, (log) => commit(log, target, change));
  const between = logCase(volume, "a FILE record with a part of the changes", target, (log) => {
    commit(log, target, change);
    commit(log, target, { ...change, redo: [update, Buffer.from("part")] });
  });
  return [
    renumbered(newer, () => lsn),
    renumbered(foreign, () => 0x7000_0000n),
    between,
    logCase(volume, "an attribute that was opened after the checkpoint", data, (log) => {
      log.add({ redo: [OPERATION.openNonresidentAttribute, opened], undo: [OPERATION.noop], attribute: later });
      log.add({ ...data.entry, ...value, attribute: later });
      log.forget();
    }),
    logCase(volume, "clusters that were given up", data, (log) => {
      commit(log, data, value);
      log.add({ redo: [OPERATION.deleteDirtyClusters, given], undo: [OPERATION.noop], attribute: data.entry.attribute });
      log.forget();
    }),
    logCase(volume, "a cluster that was replaced", data, (log) => {
      commit(log, data, value);
      log.add({ ...data.entry, redo: [OPERATION.hotFix], undo: [OPERATION.noop], lcns: [lcn + 1] });
      log.forget();
    }),
    tree(volume),
  ];
}

/** An index block whose entries have nodes below them: the fixture has none, so one is made. */
function tree(volume: LoggedVolume): LogCase {
  const target = volume.index();
  const { bytes } = target;
  const last = Buffer.alloc(24);
  last.writeUInt16LE(24, 8);
  last.writeUInt16LE(3, 12);
  last.writeBigUInt64LE(8n, 16);
  const at = 24 + bytes.readUInt32LE(24);
  last.copy(bytes, at);
  bytes.writeUInt32LE(at + 24 - 24, 28);
  bytes.writeUInt32LE(1, 36);
  const vcn = (value: bigint) => {
    const data = Buffer.alloc(8);
    data.writeBigUInt64LE(value);
    return data;
  };
  const { setIndexEntryVcnAllocation: set } = OPERATION;
  const made = logCase(volume, "SetIndexEntryVcnAllocation", target, (log) =>
    commit(log, target, { attributeOffset: at, redo: [set, vcn(9n)], undo: [set, vcn(8n)] }),
  );
  const block = Buffer.from(bytes);
  writeUpdateSequence(block, new DataView(block.buffer, block.byteOffset, block.length));
  const image = () => {
    const bytes = made.image();
    block.copy(bytes, target.offset);
    return bytes;
  };
  return { ...made, image };
}

/** The target on the volume has another number. */
function renumbered(logCase: LogCase, lsn: () => bigint): LogCase {
  const image = () => {
    const bytes = logCase.image();
    bytes.writeBigUInt64LE(lsn(), logCase.target.offset + 8);
    return bytes;
  };
  return { ...logCase, image };
}

function bits(first: number, count: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(first, 0);
  bytes.writeUInt32LE(count, 4);
  return bytes;
}
