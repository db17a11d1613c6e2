import { attributeLength, attributeProblem } from "../attribute.ts";
import { FILE_SIGNATURE } from "../file-record.ts";
import { attributeHeader, fileRecord, nonResidentAttribute, residentAttribute } from "../layout.ts";
import { decodeRunList } from "../run-list.ts";
import { align, type Change, shift } from "./change.ts";
import { changeRootEntry } from "./change-root.ts";
import { attributeSizes } from "./layout.ts";
import { OPERATION } from "./operations.ts";

const SEQUENCE = fileRecord.offsetOf("sequence");
const LINK_COUNT = fileRecord.offsetOf("linkCount");
const FLAGS = fileRecord.offsetOf("flags");
const ATTRIBUTES = fileRecord.offsetOf("attributesOffset");
const USED = fileRecord.offsetOf("usedBytes");
const NEXT_ID = fileRecord.offsetOf("nextAttributeId");

const LENGTH = attributeHeader.offsetOf("lengthBytes");
const NON_RESIDENT = attributeHeader.offsetOf("nonResident");
const ID = attributeHeader.offsetOf("id");
const HEADER = attributeHeader.sizeBytes;
const VALUE_BYTES = HEADER + residentAttribute.offsetOf("valueBytes");
const VALUE_OFFSET = HEADER + residentAttribute.offsetOf("valueOffset");
const INDEXED = HEADER + residentAttribute.offsetOf("indexed");
const START_VCN = HEADER + nonResidentAttribute.offsetOf("startVcn");
const LAST_VCN = HEADER + nonResidentAttribute.offsetOf("lastVcn");
const RUNS_OFFSET = HEADER + nonResidentAttribute.offsetOf("runsOffset");
const ALLOCATED = HEADER + nonResidentAttribute.offsetOf("allocatedBytes");
const DATA = HEADER + nonResidentAttribute.offsetOf("dataBytes");
const INITIALIZED = HEADER + nonResidentAttribute.offsetOf("initializedBytes");
/** Of sparse and compressed attributes: what is really allocated. libfsntfs 6.2.2. */
const TOTAL = HEADER + nonResidentAttribute.sizeBytes;
const END_OF_ATTRIBUTES = 0xffffffff;
const IN_USE = 1;

/** Changes a FILE record, or returns what is wrong with record or change. */
export function changeRecord(change: Change, clusterCount: number): string | undefined {
  const { record, action, bytes, view } = change;
  const { recordOffset: at } = record;
  const { operation, data } = action;
  const end = at + action.lengthBytes;
  if (end > bytes.length) return `${action.lengthBytes} bytes at ${at} do not fit a FILE record of ${bytes.length}`;
  if (operation === OPERATION.initializeFileRecord) {
    if (data === undefined) return "the content of the FILE record is cut short";
    bytes.set(data, at);
    return view.getUint32(0, true) === FILE_SIGNATURE ? undefined : "what it writes is no FILE record";
  }
  if (operation === OPERATION.deallocateFileRecord) {
    view.setUint16(FLAGS, view.getUint16(FLAGS, true) & ~IN_USE, true);
    // A sequence of 0 would fit any reference.
    view.setUint16(SEQUENCE, (view.getUint16(SEQUENCE, true) % 0xffff) + 1, true);
    return undefined;
  }
  if (operation === OPERATION.zeroEndOfFileRecord) {
    bytes.fill(0, at, end);
    return undefined;
  }
  if (!isAttribute(view, at, bytes.length)) return `no attribute begins at ${at} of the FILE record`;
  if (operation === OPERATION.writeEndOfFileRecord) {
    if (data === undefined) return "the rest of the FILE record is cut short";
    bytes.set(data, at);
    view.setUint32(USED, align(end), true);
    return undefined;
  }
  if (operation === OPERATION.createAttribute) return createAttribute(change);
  const problem = attributeProblem(view, 0, at, view.getUint32(USED, true));
  if (problem !== undefined) return problem;
  switch (operation) {
    case OPERATION.deleteAttribute:
      return deleteAttribute(change);
    case OPERATION.updateResidentValue:
      return updateResidentValue(change);
    case OPERATION.updateMappingPairs:
      return updateMappingPairs(change, clusterCount);
    case OPERATION.setNewAttributeSizes:
      return setSizes(change);
    default:
      return changeRootEntry(change);
  }
}

/** Whether an attribute, or the mark behind the last, begins at `offset`. */
function isAttribute(view: DataView, offset: number, recordBytes: number): boolean {
  let at = view.getUint16(ATTRIBUTES, true);
  if (view.getUint32(USED, true) > recordBytes) return false;
  while (at < offset && at + HEADER <= recordBytes && view.getUint32(at, true) !== END_OF_ATTRIBUTES) {
    const length = attributeLength(view, at);
    if (length === 0) return false;
    at += length;
  }
  return at === offset && at + 4 <= recordBytes;
}

function createAttribute({ record: { recordOffset: at }, action: { data }, bytes, view }: Change): string | undefined {
  const used = view.getUint32(USED, true);
  if (data === undefined || data.length < HEADER) return "the attribute is cut short";
  const created = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const length = attributeLength(created, 0);
  if (length < HEADER || length > data.length || length % 8 !== 0) return `an attribute of ${length} bytes in ${data.length}`;
  if (used + length > bytes.length) return `no room for an attribute of ${length} bytes behind the used ${used}`;
  shift(bytes, at, length, used);
  bytes.set(data.subarray(0, length), at);
  view.setUint32(USED, used + length, true);
  const id = created.getUint16(ID, true);
  if (view.getUint16(NEXT_ID, true) <= id) view.setUint16(NEXT_ID, id + 1, true);
  countLink(view, at, 1);
  return undefined;
}

function deleteAttribute({ record: { recordOffset: at }, bytes, view }: Change): undefined {
  const used = view.getUint32(USED, true);
  const length = attributeLength(view, at);
  countLink(view, at, -1);
  shift(bytes, at, -length, used);
  view.setUint32(USED, used - length, true);
}

/** An attribute that is in an index is a name. */
function countLink(view: DataView, at: number, difference: 1 | -1): void {
  if (view.getUint8(at + NON_RESIDENT) !== 0 || view.getUint8(at + INDEXED) === 0) return;
  view.setUint16(LINK_COUNT, view.getUint16(LINK_COUNT, true) + difference, true);
}

function updateResidentValue(change: Change): string | undefined {
  const { record, action, bytes, view } = change;
  const { recordOffset: at, attributeOffset } = record;
  const end = attributeOffset + action.lengthBytes;
  const target = at + attributeOffset;
  if (record.redo.lengthBytes === record.undo.lengthBytes) {
    if (end > attributeLength(view, at)) return `a value up to ${end} in an attribute of ${attributeLength(view, at)} bytes`;
  } else {
    const valueOffset = view.getUint16(at + VALUE_OFFSET, true);
    if (view.getUint8(at + NON_RESIDENT) !== 0 || attributeOffset < valueOffset) return "the attribute has no value there";
    const problem = resize(change, align(end));
    if (problem !== undefined) return problem;
    view.setUint32(at + VALUE_BYTES, end - valueOffset, true);
  }
  if (action.data === undefined) bytes.fill(0, target, target + action.lengthBytes);
  else bytes.set(action.data, target);
  return undefined;
}

function updateMappingPairs(change: Change, clusterCount: number): string | undefined {
  const { record, action, bytes, view } = change;
  const { recordOffset: at, attributeOffset } = record;
  const runsOffset = view.getUint16(at + RUNS_OFFSET, true);
  if (view.getUint8(at + NON_RESIDENT) === 0 || attributeOffset < runsOffset || action.data === undefined)
    return "the attribute has no runs there";
  const length = align(attributeOffset + action.lengthBytes);
  const problem = resize(change, length);
  if (problem !== undefined) return problem;
  bytes.set(action.data, at + attributeOffset);
  const startVcn = Number(view.getBigUint64(at + START_VCN, true));
  const runs = decodeRunList(bytes.subarray(at + runsOffset, at + length), startVcn, clusterCount);
  if (runs.problem !== undefined) return runs.problem;
  view.setBigInt64(at + LAST_VCN, BigInt(runs.vcns[runs.count] ?? startVcn) - 1n, true);
  return undefined;
}

/** Gives the attribute another length; what follows it moves. */
function resize({ record: { recordOffset: at }, bytes, view }: Change, length: number): string | undefined {
  const used = view.getUint32(USED, true);
  const before = attributeLength(view, at);
  if (used - before + length > bytes.length) return `no room to make an attribute of ${before} bytes one of ${length}`;
  if (length > before) shift(bytes, at + before, length - before, used);
  else shift(bytes, at + length, length - before, used);
  view.setUint32(USED, used - before + length, true);
  view.setUint32(at + LENGTH, length, true);
  return undefined;
}

function setSizes({ record: { recordOffset: at }, action: { data }, view }: Change): string | undefined {
  if (view.getUint8(at + NON_RESIDENT) === 0) return "the attribute is resident and has no such sizes";
  if (data === undefined || data.length < attributeSizes.sizeBytes) return "the sizes are cut short";
  const sizes = attributeSizes.view(data);
  view.setBigUint64(at + ALLOCATED, sizes.allocatedBytes, true);
  view.setBigUint64(at + DATA, sizes.dataBytes, true);
  view.setBigUint64(at + INITIALIZED, sizes.initializedBytes, true);
  if (data.length < attributeSizes.sizeBytes + 8) return undefined;
  if (attributeLength(view, at) < TOTAL + 8) return "the attribute has no total size";
  const { buffer, byteOffset } = data;
  view.setBigUint64(at + TOTAL, new DataView(buffer, byteOffset + attributeSizes.sizeBytes).getBigUint64(0, true), true);
  return undefined;
}
