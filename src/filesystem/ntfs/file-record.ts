import { hex, NomountError, type Where } from "../../error.ts";
import { Attribute, attributeLength, attributeProblem } from "./attribute.ts";
import { isStale, type Reference, referenceAt } from "./ids.ts";
import { fileRecord } from "./layout.ts";
import { applyUpdateSequence, type Tear } from "./update-sequence.ts";

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

/** What keeps the record at `start` from being taken apart; or, its update sequence undone, undefined. */
export function prepareRecord(view: DataView, start: number, recordBytes: number): Tear | undefined {
  const signature = view.getUint32(start, true);
  if (signature !== FILE_SIGNATURE) {
    if (signature === BAAD_SIGNATURE) return { problem: 'marked "BAAD": a check of the disk found it torn', offset: 0 };
    return { problem: `expected the signature "FILE", found ${hex(signature, 8)}`, offset: 0 };
  }
  const tear = applyUpdateSequence(view, start, recordBytes);
  if (tear !== undefined) return tear;
  const usedBytes = usedBytesOf(view, start);
  const first = view.getUint16(start + ATTRIBUTES_OFFSET, true);
  if (usedBytes > recordBytes || first < fileRecord.sizeBytes || first > usedBytes) {
    const problem = `attributes from ${hex(first)} to ${hex(usedBytes)} do not fit ${recordBytes} bytes`;
    return { problem, offset: ATTRIBUTES_OFFSET };
  }
  return undefined;
}

export function usedBytesOf(view: DataView, start: number): number {
  return view.getUint32(start + USED_BYTES, true);
}

/** Takes over `bytes`, a whole record as it lies on disk. Throws `corrupt`. */
export function parseFileRecord(bytes: Uint8Array, number: number, locator: Locator): FileRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tear = prepareRecord(view, 0, bytes.length);
  if (tear !== undefined) throw brokenRecord(number, locator, tear);
  return preparedRecord(view, 0, number, locator);
}

/** The prepared record at `start`, of which only what it uses is looked at; its parts stay windows on it. Throws `corrupt`. */
export function preparedRecord(view: DataView, start: number, number: number, locator: Locator): FileRecord {
  const usedBytes = usedBytesOf(view, start);
  const attributes: Attribute[] = [];
  const first = view.getUint16(start + ATTRIBUTES_OFFSET, true);
  for (let offset = first; offset + 4 <= usedBytes; offset += attributeLength(view, start + offset)) {
    if (view.getUint32(start + offset, true) === END_OF_ATTRIBUTES) break;
    const problem = attributeProblem(view, start, offset, usedBytes);
    if (problem !== undefined) throw brokenRecord(number, locator, { problem, offset });
    attributes.push(new Attribute(view, start + offset));
  }
  const flags = view.getUint16(start + FLAGS, true);
  const base = referenceAt(view, start + BASE_REFERENCE);
  return {
    number,
    sequence: view.getUint16(start + SEQUENCE, true),
    inUse: (flags & IN_USE) !== 0,
    isDirectory: (flags & IS_DIRECTORY) !== 0,
    base: base.record === 0 && base.sequence === 0 ? undefined : base,
    attributes,
  };
}

export function brokenRecord(number: number, locator: Locator, { problem, offset }: Tear): NomountError {
  const { label, offsetBytes } = locator.where(number);
  const where = offsetBytes === undefined ? { label } : { label, offsetBytes: offsetBytes + offset };
  return new NomountError("corrupt", `ntfs: FILE record ${number}: ${problem}`, { where });
}

/** Why a reference does not lead to the file it was made for, or undefined when it does. */
export function staleness(reference: Reference, sequence: number, inUse: boolean): string | undefined {
  if (isStale(reference, sequence)) return `was used anew: expected sequence ${reference.sequence}, found ${sequence}`;
  return inUse ? undefined : "is not in use";
}

/** The same of the prepared record at `start`. */
export function preparedStaleness(reference: Reference, view: DataView, start: number): string | undefined {
  return staleness(reference, view.getUint16(start + SEQUENCE, true), (view.getUint16(start + FLAGS, true) & IN_USE) !== 0);
}
