import { applyUpdateSequence } from "../../../src/filesystem/ntfs/update-sequence.ts";

/** A FILE record or index block in an image, found by its signature. */
export interface Structure {
  readonly offset: number;
  readonly lengthBytes: number;
  /** A copy, its update sequence undone and the counter of that set to 0: each program counts its own writes. */
  readonly bytes: Buffer;
  readonly lsn: bigint;
}

const LSN_OFFSET = 8;
const SIGNATURES: ReadonlyMap<string, "record" | "index"> = new Map([
  ["FILE", "record"],
  ["INDX", "index"],
]);

/** All of an image's FILE records and index blocks that are whole. */
export function* structuresOf(image: Buffer, sizes: { record: number; index: number }): Generator<Structure> {
  for (let offset = 0; offset + sizes.record <= image.length; offset += 512) {
    const kind = SIGNATURES.get(image.toString("latin1", offset, offset + 4));
    if (kind === undefined || offset + sizes[kind] > image.length) continue;
    const structure = structureAt(image, offset, sizes[kind]);
    if (structure !== undefined) yield structure;
  }
}

function structureAt(image: Buffer, offset: number, lengthBytes: number): Structure | undefined {
  const bytes = Buffer.from(image.subarray(offset, offset + lengthBytes));
  if (applyUpdateSequence(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length) !== undefined)
    return undefined;
  const sequence = bytes.readUInt16LE(4);
  bytes.fill(0, sequence, sequence + 2 * bytes.readUInt16LE(6));
  return { offset, lengthBytes, bytes, lsn: image.readBigUInt64LE(offset + LSN_OFFSET) };
}

/** The image with its structures in that form, to be compared byte for byte. */
export function normalised(image: Buffer, sizes: { record: number; index: number }): Buffer {
  const copy = Buffer.from(image);
  for (const { offset, bytes } of structuresOf(image, sizes)) bytes.copy(copy, offset);
  return copy;
}
