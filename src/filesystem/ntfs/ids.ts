import { hex } from "../../error.ts";

/** A record by number, with the sequence that the record had when it was pointed at; 0: any. */
export interface Reference {
  readonly record: number;
  readonly sequence: number;
}

/** The lower 48 bits of a file reference are the number of a record, the upper 16 its sequence (libfsntfs 5.1). */
export function referenceAt(view: DataView, offset: number): Reference {
  return { record: recordOf(view, offset), sequence: sequenceOf(view, offset) };
}

export function recordOf(view: DataView, offset: number): number {
  return view.getUint16(offset + 4, true) * 0x1_0000_0000 + view.getUint32(offset, true);
}

export function sequenceOf(view: DataView, offset: number): number {
  return view.getUint16(offset + 6, true);
}

/** Whether a record that has `sequence` is still the one that was pointed at. */
export function isStale(reference: Reference, sequence: number): boolean {
  return reference.sequence !== 0 && reference.sequence !== sequence;
}

/** Records of the metadata files, which every volume has (libfsntfs 5). */
export const RECORD = { mft: 0, mftMirror: 1, logFile: 2, volume: 3, root: 5, bitmap: 6, upcase: 10, extend: 11 } as const;

/** Records below are the volume's own: hidden in the root, though found by name. */
export const FIRST_USER_RECORD = 16;

export const ATTRIBUTE = {
  standardInformation: 0x10,
  list: 0x20,
  fileName: 0x30,
  volumeName: 0x60,
  volumeInformation: 0x70,
  data: 0x80,
  indexRoot: 0x90,
  indexAllocation: 0xa0,
  bitmap: 0xb0,
  reparsePoint: 0xc0,
  extendedAttributes: 0xe0,
} as const;

const TYPE_NAMES = new Map<number, string>([
  [0x10, "$STANDARD_INFORMATION"],
  [0x20, "$ATTRIBUTE_LIST"],
  [0x30, "$FILE_NAME"],
  [0x40, "$OBJECT_ID"],
  [0x50, "$SECURITY_DESCRIPTOR"],
  [0x60, "$VOLUME_NAME"],
  [0x70, "$VOLUME_INFORMATION"],
  [0x80, "$DATA"],
  [0x90, "$INDEX_ROOT"],
  [0xa0, "$INDEX_ALLOCATION"],
  [0xb0, "$BITMAP"],
  [0xc0, "$REPARSE_POINT"],
  [0xd0, "$EA_INFORMATION"],
  [0xe0, "$EA"],
  [0x100, "$LOGGED_UTILITY_STREAM"],
]);

/** As messages name an attribute: "$DATA", "$DATA:stream". */
export function attributeTitle(type: number, name: string): string {
  const title = TYPE_NAMES.get(type) ?? `attribute ${hex(type)}`;
  return name === "" ? title : `${title}:${name}`;
}
