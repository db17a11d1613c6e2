import { hex } from "../../../error.ts";

/** Codes of what a record of the log redoes or undoes (fslog.c, `NTFS_LOG_OPERATION`). */
export const OPERATION = {
  noop: 0x00,
  compensationLogRecord: 0x01,
  initializeFileRecord: 0x02,
  deallocateFileRecord: 0x03,
  writeEndOfFileRecord: 0x04,
  createAttribute: 0x05,
  deleteAttribute: 0x06,
  updateResidentValue: 0x07,
  updateNonresidentValue: 0x08,
  updateMappingPairs: 0x09,
  deleteDirtyClusters: 0x0a,
  setNewAttributeSizes: 0x0b,
  addIndexEntryRoot: 0x0c,
  deleteIndexEntryRoot: 0x0d,
  addIndexEntryAllocation: 0x0e,
  deleteIndexEntryAllocation: 0x0f,
  writeEndOfIndexBuffer: 0x10,
  setIndexEntryVcnRoot: 0x11,
  setIndexEntryVcnAllocation: 0x12,
  updateFileNameRoot: 0x13,
  updateFileNameAllocation: 0x14,
  setBits: 0x15,
  clearBits: 0x16,
  hotFix: 0x17,
  endTopLevelAction: 0x18,
  prepareTransaction: 0x19,
  commitTransaction: 0x1a,
  forgetTransaction: 0x1b,
  openNonresidentAttribute: 0x1c,
  openAttributeTableDump: 0x1d,
  attributeNamesDump: 0x1e,
  dirtyPageTableDump: 0x1f,
  transactionTableDump: 0x20,
  updateRecordDataRoot: 0x21,
  updateRecordDataAllocation: 0x22,
  updateRelativeDataInIndex: 0x23,
  updateRelativeDataInIndex2: 0x24,
  zeroEndOfFileRecord: 0x25,
} as const;

/** What an operation changes: a FILE record, an index block, or the bytes of clusters. */
export type Target = "record" | "index" | "clusters";

/** By code: the name in the public descriptions, and what it changes; undefined where that is nothing by itself. */
const KINDS: readonly (readonly [name: string, target?: Target])[] = [
  ["Noop"],
  ["CompensationLogRecord"],
  ["InitializeFileRecordSegment", "record"],
  ["DeallocateFileRecordSegment", "record"],
  ["WriteEndOfFileRecordSegment", "record"],
  ["CreateAttribute", "record"],
  ["DeleteAttribute", "record"],
  ["UpdateResidentValue", "record"],
  ["UpdateNonresidentValue", "clusters"],
  ["UpdateMappingPairs", "record"],
  ["DeleteDirtyClusters"],
  ["SetNewAttributeSizes", "record"],
  ["AddIndexEntryRoot", "record"],
  ["DeleteIndexEntryRoot", "record"],
  ["AddIndexEntryAllocation", "index"],
  ["DeleteIndexEntryAllocation", "index"],
  ["WriteEndOfIndexBuffer", "index"],
  ["SetIndexEntryVcnRoot", "record"],
  ["SetIndexEntryVcnAllocation", "index"],
  ["UpdateFileNameRoot", "record"],
  ["UpdateFileNameAllocation", "index"],
  ["SetBitsInNonresidentBitMap", "clusters"],
  ["ClearBitsInNonresidentBitMap", "clusters"],
  ["HotFix"],
  ["EndTopLevelAction"],
  ["PrepareTransaction"],
  ["CommitTransaction"],
  ["ForgetTransaction"],
  ["OpenNonresidentAttribute"],
  ["OpenAttributeTableDump"],
  ["AttributeNamesDump"],
  ["DirtyPageTableDump"],
  ["TransactionTableDump"],
  ["UpdateRecordDataRoot", "record"],
  ["UpdateRecordDataAllocation", "index"],
  ["UpdateRelativeDataInIndex"],
  ["UpdateRelativeDataInIndex2"],
  ["ZeroEndOfFileRecord", "record"],
];

export function operationName(code: number): string {
  return KINDS[code]?.[0] ?? `operation ${hex(code)}`;
}

/** Undefined of an operation that changes nothing on the volume by itself. */
export function targetOf(code: number): Target | undefined {
  return KINDS[code]?.[1];
}

/** False of those whose data no public description explains: what they change cannot be redone. */
export function isUnderstood(code: number): boolean {
  return code < KINDS.length && code !== OPERATION.updateRelativeDataInIndex && code !== OPERATION.updateRelativeDataInIndex2;
}
