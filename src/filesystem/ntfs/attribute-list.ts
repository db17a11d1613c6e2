import { u64leOrNaN } from "../../bytes/int64.ts";
import { nameFromUtf16le } from "../../bytes/names.ts";
import { ATTRIBUTE, type Reference, referenceAt } from "./ids.ts";
import { attributeListEntry } from "./layout.ts";

export interface ListEntry {
  readonly type: number;
  readonly name: string;
  readonly startVcn: number;
  /** The record that holds this attribute, or this part of it. */
  readonly reference: Reference;
}

const LENGTH = attributeListEntry.offsetOf("lengthBytes");
const NAME_LENGTH = attributeListEntry.offsetOf("nameLength");
const NAME_OFFSET = attributeListEntry.offsetOf("nameOffset");
const START_VCN = attributeListEntry.offsetOf("startVcn");
const REFERENCE = attributeListEntry.offsetOf("reference");

/** What Windows allows: 256 KiB, some 8000 records. */
export const MAX_LIST_BYTES = 256 * 1024;

/**
 * The entries in their order, or as a string what is wrong with them. Ids are left out: they repeat among the records of one
 * file, so that type, name, VCN and record are what tells attributes apart.
 */
export function parseAttributeList(bytes: Uint8Array): readonly ListEntry[] | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: ListEntry[] = [];
  for (let at = 0; at + attributeListEntry.sizeBytes <= bytes.length; ) {
    const type = view.getUint32(at, true);
    const length = view.getUint16(at + LENGTH, true);
    // Space behind the last entry is zeros.
    if (type === 0 && length === 0) break;
    const nameAt = at + view.getUint8(at + NAME_OFFSET);
    const nameEnd = nameAt + 2 * view.getUint8(at + NAME_LENGTH);
    const fits = at + length <= bytes.length && (nameEnd === nameAt || nameEnd <= at + length);
    if (length < attributeListEntry.sizeBytes || !fits) return `entry ${entries.length} has a length of ${length} bytes`;
    const startVcn = u64leOrNaN(view, at + START_VCN);
    if (Number.isNaN(startVcn)) return `entry ${entries.length} begins at a VCN of 2^53 or above`;
    if (type !== ATTRIBUTE.list) {
      entries.push({
        type,
        name: nameEnd === nameAt ? "" : nameFromUtf16le(bytes.subarray(nameAt, nameEnd)),
        startVcn,
        reference: referenceAt(view, at + REFERENCE),
      });
    }
    at += length;
  }
  return entries;
}
