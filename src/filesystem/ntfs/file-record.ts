import { hex, NomountError, type Where } from "../../error.ts";
import { Attribute, attributeLength, attributeProblem } from "./attribute.ts";
import { isStale, type Reference, referenceAt } from "./ids.ts";
import { fileRecord } from "./layout.ts";
import { applyUpdateSequence } from "./update-sequence.ts";

/** One record of $MFT, checked and taken apart. */
export interface FileRecord {
  readonly number: number;
  readonly sequence: number;
  readonly inUse: boolean;
  readonly isDirectory: boolean;
  /** The record that this one extends. */
  readonly base: Reference | undefined;
  readonly attributes: readonly Attribute[];
}

export const FILE_SIGNATURE = 0x454c4946;
const BAAD_SIGNATURE = 0x44414142;
const IN_USE = 1;
const IS_DIRECTORY = 2;
const END_OF_ATTRIBUTES = 0xffffffff;

const SEQUENCE = fileRecord.offsetOf("sequence");
const FLAGS = fileRecord.offsetOf("flags");
const ATTRIBUTES_OFFSET = fileRecord.offsetOf("attributesOffset");
const USED_BYTES = fileRecord.offsetOf("usedBytes");
const BASE_REFERENCE = fileRecord.offsetOf("baseReference");

/** Knows where a record lies, which is asked for only when a message needs it. */
export interface Locator {
  where(number: number): Where;
}

/** Takes over `bytes`, a whole record as it lies on disk. */
export function parseFileRecord(bytes: Uint8Array, number: number, locator: Locator): FileRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const signature = view.getUint32(0, true);
  if (signature !== FILE_SIGNATURE) {
    if (signature === BAAD_SIGNATURE) throw broken(number, locator, 'marked "BAAD": a check of the disk found it torn', 0);
    throw broken(number, locator, `expected the signature "FILE", found ${hex(signature, 8)}`, 0);
  }
  const tear = applyUpdateSequence(bytes, view);
  if (tear !== undefined) throw broken(number, locator, tear.problem, tear.offset);
  const usedBytes = view.getUint32(USED_BYTES, true);
  const first = view.getUint16(ATTRIBUTES_OFFSET, true);
  if (usedBytes > bytes.length || first < fileRecord.sizeBytes || first > usedBytes) {
    const problem = `attributes from ${hex(first)} to ${hex(usedBytes)} do not fit ${bytes.length} bytes`;
    throw broken(number, locator, problem, ATTRIBUTES_OFFSET);
  }
  const attributes: Attribute[] = [];
  for (let offset = first; offset + 4 <= usedBytes; offset += attributeLength(view, offset)) {
    if (view.getUint32(offset, true) === END_OF_ATTRIBUTES) break;
    const problem = attributeProblem(view, offset, usedBytes);
    if (problem !== undefined) throw broken(number, locator, problem, offset);
    attributes.push(new Attribute(view, offset));
  }
  const flags = view.getUint16(FLAGS, true);
  const base = referenceAt(view, BASE_REFERENCE);
  return {
    number,
    sequence: view.getUint16(SEQUENCE, true),
    inUse: (flags & IN_USE) !== 0,
    isDirectory: (flags & IS_DIRECTORY) !== 0,
    base: base.record === 0 && base.sequence === 0 ? undefined : base,
    attributes,
  };
}

function broken(number: number, locator: Locator, problem: string, offset: number): NomountError {
  const { label, offsetBytes } = locator.where(number);
  const where = offsetBytes === undefined ? { label } : { label, offsetBytes: offsetBytes + offset };
  return new NomountError("corrupt", `ntfs: FILE record ${number}: ${problem}`, { where });
}

/** Why a reference does not lead to the file it was made for, or undefined when it does. */
export function staleness(reference: Reference, sequence: number, inUse: boolean): string | undefined {
  if (isStale(reference, sequence)) return `was used anew: expected sequence ${reference.sequence}, found ${sequence}`;
  return inUse ? undefined : "is not in use";
}

/** The same of a record as it lies on disk: these fields are in no place that the update sequence takes. */
export function rawStaleness(reference: Reference, record: Uint8Array): string | undefined {
  if (u16(record, 0) !== (FILE_SIGNATURE & 0xffff) || u16(record, 2) !== FILE_SIGNATURE >>> 16) return undefined;
  return staleness(reference, u16(record, SEQUENCE), (u16(record, FLAGS) & IN_USE) !== 0);
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}
