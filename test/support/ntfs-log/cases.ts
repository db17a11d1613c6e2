import { OPERATION } from "../../../src/filesystem/ntfs/log/operations.ts";
import type { Entry, LogBuilder, LogOptions } from "./builder.ts";
import { entryAt, entryOffsets, information, otherInformation, renamed } from "./entries.ts";
import type { LoggedVolume, Target } from "./volume.ts";

/** A volume whose log changes something, and where that is. */
export interface LogCase {
  readonly name: string;
  /** Made anew each time: there are many, and they are large. */
  readonly image: () => Buffer;
  readonly target: Target;
}

type Change = Pick<Entry, "redo" | "undo" | "recordOffset" | "attributeOffset">;

const RESIDENT = "/data/resident";
const PLAIN = "/data/plain";
const SPARSE = "/data/sparse";
const DIRECTORY = "/names/deeper";
const INDEX_HEADER = 24;
const END_MARK = Buffer.from("ffffffff00000000", "hex");

/** One log for every operation that changes something, committed; and each of them again, not committed. */
export function operationCases(volume: LoggedVolume): readonly LogCase[] {
  const cases = changes(volume);
  return [
    ...cases.map(([name, target, change]) => logCase(volume, name, target, (log) => commit(log, target, change))),
    ...cases
      .filter(([, , { undo }]) => undo[0] !== OPERATION.noop)
      .map(([name, target, change]) =>
        logCase(volume, `${name}, not committed`, target, (log) => log.add({ ...target.entry, ...change })),
      ),
  ];
}

export function commit(log: LogBuilder, target: Target, change: Change): void {
  log.add({ ...target.entry, ...change });
  log.forget();
}

export function logCase(
  volume: LoggedVolume,
  name: string,
  target: Target,
  write: (log: LogBuilder) => void,
  options: Partial<LogOptions> = {},
): LogCase {
  const image = () => {
    const log = volume.log(options);
    write(log);
    return volume.withLog(log.build());
  };
  return { name, image, target };
}

function changes(volume: LoggedVolume): readonly (readonly [name: string, target: Target, change: Change])[] {
  const { image } = volume;
  const [resident, plain, sparse, directory] = [RESIDENT, PLAIN, SPARSE, DIRECTORY].map((path) =>
    volume.record(image.id(path)),
  );
  if (resident === undefined || plain === undefined || sparse === undefined || directory === undefined)
    throw new Error("no file");
  const data = volume.attributeOffset(image.id(RESIDENT), 0x80);
  const runs = volume.attributeOffset(image.id(PLAIN), 0x80);
  const sparseRuns = volume.attributeOffset(image.id(SPARSE), 0x80);
  const root = volume.attributeOffset(image.id(DIRECTORY), 0x90);
  return [
    ...recordChanges(volume, resident, data),
    ...runChanges(plain, runs, sparse, sparseRuns),
    ...rootChanges(directory, root),
    ...blockChanges(volume.index()),
    ...clusterChanges(volume),
    ...childChanges(volume),
  ];
}

/** The directory with a block has in its root an entry that leads there. */
function childChanges(volume: LoggedVolume): readonly [string, Target, Change][] {
  const number = volume.image.id("/links");
  const target = volume.record(number);
  const root = volume.attributeOffset(number, 0x90);
  const [first = 0] = entryOffsets(target.bytes, root + target.bytes.readUInt16LE(root + 20) + 16);
  const { setIndexEntryVcnRoot: set } = OPERATION;
  const at = { recordOffset: root, attributeOffset: first - root };
  return [["SetIndexEntryVcnRoot", target, { ...at, redo: [set, words([7n])], undo: [set, words([0n])] }]];
}

function recordChanges(volume: LoggedVolume, target: Target, data: number): readonly [string, Target, Change][] {
  const { bytes } = target;
  const used = bytes.readUInt32LE(24);
  const length = bytes.readUInt32LE(data + 4);
  const attribute = Buffer.from(bytes.subarray(data, data + length));
  const valueOffset = attribute.readUInt16LE(20);
  const value = Buffer.from(attribute.subarray(valueOffset, valueOffset + attribute.readUInt32LE(16)));
  const nextId = bytes.readUInt16LE(40);
  const objectId = resident(0x40, nextId, Buffer.from("0123456789abcdef"));
  const name = Buffer.from(bytes.subarray(volume.attributeOffset(volume.image.id(RESIDENT), 0x30)));
  const nameAttribute = Buffer.from(name.subarray(0, name.readUInt32LE(4)));
  nameAttribute.writeUInt16LE(nextId, 14);
  const free = volume.record(40);
  const whole = Buffer.from(bytes.subarray(0, used));
  whole.writeUInt32LE(40, 44);
  const { updateResidentValue: update, writeEndOfFileRecord: writeEnd } = OPERATION;
  const at = { recordOffset: data };
  const inValue = { recordOffset: data, attributeOffset: valueOffset };
  const tail = Buffer.concat([attribute, END_MARK]);
  const longTail = Buffer.concat([
    resident(0x80, attribute.readUInt16LE(14), Buffer.from("a longer value than before")),
    END_MARK,
  ]);
  const oldTail = Buffer.from(bytes.subarray(data, used));
  return [
    [
      "InitializeFileRecordSegment",
      target,
      { redo: [OPERATION.initializeFileRecord, Buffer.concat([whole])], undo: [OPERATION.noop] },
    ],
    [
      "InitializeFileRecordSegment of a free record",
      free,
      { redo: [OPERATION.initializeFileRecord, whole], undo: [OPERATION.deallocateFileRecord] },
    ],
    [
      "DeallocateFileRecordSegment",
      target,
      { redo: [OPERATION.deallocateFileRecord], undo: [OPERATION.initializeFileRecord, bytes.subarray(0, 24)] },
    ],
    [
      "WriteEndOfFileRecordSegment",
      target,
      { ...at, redo: [writeEnd, Buffer.from(tail).fill(0x5a, valueOffset, valueOffset + 4)], undo: [writeEnd, oldTail] },
    ],
    ["WriteEndOfFileRecordSegment, longer", target, { ...at, redo: [writeEnd, longTail], undo: [writeEnd, oldTail] }],
    [
      "CreateAttribute",
      target,
      {
        recordOffset: volume.attributeOffset(volume.image.id(RESIDENT), 0x50),
        redo: [OPERATION.createAttribute, objectId],
        undo: [OPERATION.deleteAttribute],
      },
    ],
    [
      "CreateAttribute, a name",
      target,
      {
        recordOffset: volume.attributeOffset(volume.image.id(RESIDENT), 0x30),
        redo: [OPERATION.createAttribute, nameAttribute],
        undo: [OPERATION.deleteAttribute],
      },
    ],
    ["DeleteAttribute", target, { ...at, redo: [OPERATION.deleteAttribute], undo: [OPERATION.createAttribute, attribute] }],
    ["UpdateResidentValue", target, { ...inValue, redo: [update, Buffer.from("TINY")], undo: [update, value] }],
    [
      "UpdateResidentValue, longer",
      target,
      { ...inValue, redo: [update, Buffer.from("not so tiny any more")], undo: [update, value] },
    ],
    ["UpdateResidentValue, shorter", target, { ...inValue, redo: [update, Buffer.from("TI")], undo: [update, value] }],
    [
      "ZeroEndOfFileRecord",
      target,
      { recordOffset: used, redo: [OPERATION.zeroEndOfFileRecord, Buffer.alloc(1024 - used)], undo: [OPERATION.noop] },
    ],
  ];
}

function runChanges(plain: Target, runs: number, sparse: Target, sparseRuns: number): readonly [string, Target, Change][] {
  const { bytes } = plain;
  const length = bytes.readUInt32LE(runs + 4);
  const pairsOffset = bytes.readUInt16LE(runs + 32);
  const pairs = Buffer.from(bytes.subarray(runs + pairsOffset, runs + length));
  const fewer = Buffer.from(pairs);
  fewer[1] = (fewer[1] ?? 0) - 1;
  // The same clusters in three runs.
  const count = pairs[1] ?? 0;
  const longer = Buffer.alloc(16);
  pairs.copy(longer, 0, 0, 4);
  longer.set([count - 10], 1);
  longer.set([0x11, 5, count - 10, 0x11, 5, 5], 4);
  const sizes = (target: Target, at: number) => [40, 56, 48].map((offset) => target.bytes.readBigUInt64LE(at + offset));
  const { updateMappingPairs: map, setNewAttributeSizes: set } = OPERATION;
  const inPairs = { recordOffset: runs, attributeOffset: pairsOffset };
  const [allocated = 0n, valid = 0n, dataBytes = 0n] = sizes(plain, runs);
  const before = words([allocated, valid, dataBytes]);
  const total = sparse.bytes.readBigUInt64LE(sparseRuns + 64);
  return [
    ["UpdateMappingPairs", plain, { ...inPairs, redo: [map, fewer], undo: [map, pairs] }],
    ["UpdateMappingPairs, longer", plain, { ...inPairs, redo: [map, longer], undo: [map, pairs] }],
    [
      "SetNewAttributeSizes",
      plain,
      { recordOffset: runs, redo: [set, words([allocated, dataBytes - 8n, dataBytes - 8n])], undo: [set, before] },
    ],
    [
      "SetNewAttributeSizes, not all of it valid",
      plain,
      { recordOffset: runs, redo: [set, words([allocated, valid - 4096n, dataBytes])], undo: [set, before] },
    ],
    [
      "SetNewAttributeSizes of a sparse file",
      sparse,
      {
        recordOffset: sparseRuns,
        redo: [set, words([...sizes(sparse, sparseRuns), total - 4096n])],
        undo: [set, words([...sizes(sparse, sparseRuns), total])],
      },
    ],
  ];
}

function rootChanges(target: Target, root: number): readonly [string, Target, Change][] {
  const header = root + target.bytes.readUInt16LE(root + 20) + 16;
  const [first = 0, second = 0] = entryOffsets(target.bytes, header);
  const entry = entryAt(target.bytes, first);
  const { updateFileNameRoot: updateName, updateRecordDataRoot: updateData } = OPERATION;
  const at = { recordOffset: root, attributeOffset: first - root };
  const dataOffset = entry.readUInt16LE(0);
  return [
    [
      "AddIndexEntryRoot",
      target,
      {
        recordOffset: root,
        attributeOffset: second - root,
        redo: [OPERATION.addIndexEntryRoot, renamed(entry)],
        undo: [OPERATION.deleteIndexEntryRoot],
      },
    ],
    [
      "DeleteIndexEntryRoot",
      target,
      { ...at, redo: [OPERATION.deleteIndexEntryRoot], undo: [OPERATION.addIndexEntryRoot, entry] },
    ],
    [
      "UpdateFileNameRoot",
      target,
      { ...at, redo: [updateName, otherInformation(entry)], undo: [updateName, information(entry)] },
    ],
    [
      "UpdateRecordDataRoot",
      target,
      { ...at, redo: [updateData, Buffer.from("zz")], undo: [updateData, entry.subarray(dataOffset, dataOffset + 2)] },
    ],
  ];
}

function blockChanges(target: Target): readonly [string, Target, Change][] {
  const { bytes } = target;
  const offsets = entryOffsets(bytes, INDEX_HEADER);
  const [first = 0, second = 0, third = 0] = offsets;
  const entry = entryAt(bytes, first);
  const end = INDEX_HEADER + bytes.readUInt32LE(INDEX_HEADER + 4);
  const last = entryAt(bytes, offsets.at(-1) ?? 0);
  const { addIndexEntryAllocation: add, deleteIndexEntryAllocation: remove, writeEndOfIndexBuffer: writeEnd } = OPERATION;
  const {
    updateFileNameAllocation: updateName,
    updateRecordDataAllocation: updateData,
    updateNonresidentValue: write,
  } = OPERATION;
  const at = { attributeOffset: first };
  // Of an index that is none of names this would be the place of its data: here a part of the name lies there.
  const viewed = offsets.find((offset) => bytes.readUInt16LE(offset) + 2 <= bytes.readUInt16LE(offset + 8)) ?? 0;
  const dataAt = viewed + bytes.readUInt16LE(viewed);
  const half = Buffer.from(bytes);
  last.copy(half, third);
  half.writeUInt32LE(third + last.length - INDEX_HEADER, INDEX_HEADER + 4);
  return [
    ["AddIndexEntryAllocation", target, { attributeOffset: second, redo: [add, renamed(entry)], undo: [remove] }],
    ["DeleteIndexEntryAllocation", target, { ...at, redo: [remove], undo: [add, entry] }],
    [
      "WriteEndOfIndexBuffer",
      target,
      { attributeOffset: third, redo: [writeEnd, last], undo: [writeEnd, bytes.subarray(third, end)] },
    ],
    [
      "UpdateFileNameAllocation",
      target,
      { ...at, redo: [updateName, otherInformation(entry)], undo: [updateName, information(entry)] },
    ],
    [
      "UpdateRecordDataAllocation",
      target,
      {
        attributeOffset: viewed,
        redo: [updateData, Buffer.from("zz")],
        undo: [updateData, bytes.subarray(dataAt, dataAt + 2)],
      },
    ],
    [
      "UpdateNonresidentValue of an index block",
      target,
      { redo: [write, half.subarray(0, third + last.length)], undo: [OPERATION.noop] },
    ],
  ];
}

function clusterChanges(volume: LoggedVolume): readonly [string, Target, Change][] {
  const [bitmap, data] = [volume.bitmap(), volume.data()];
  const { setBits: set, clearBits: clear, updateNonresidentValue: write } = OPERATION;
  const [unused, used] = [range(3001, 77), range(8, 16)];
  const old = data.bytes.subarray(100, 140);
  return [
    ["SetBitsInNonresidentBitMap", bitmap, { redo: [set, unused], undo: [clear, unused] }],
    ["ClearBitsInNonresidentBitMap", bitmap, { redo: [clear, used], undo: [set, used] }],
    ["UpdateNonresidentValue", data, { recordOffset: 100, redo: [write, Buffer.alloc(40, 0x77)], undo: [write, old] }],
  ];
}

/** A resident attribute without a name. */
function resident(type: number, id: number, value: Buffer): Buffer {
  const attribute = Buffer.alloc(Math.ceil((24 + value.length) / 8) * 8);
  attribute.writeUInt32LE(type, 0);
  attribute.writeUInt32LE(attribute.length, 4);
  attribute.writeUInt16LE(id, 14);
  attribute.writeUInt32LE(value.length, 16);
  attribute.writeUInt16LE(24, 20);
  value.copy(attribute, 24);
  return attribute;
}

function words(values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(value, 8 * i);
  return bytes;
}

function range(first: number, count: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(first, 0);
  bytes.writeUInt32LE(count, 4);
  return bytes;
}
