import { u64leOrNaN } from "../../bytes/int64.ts";
import { hex } from "../../error.ts";
import { flagsAt, nameAt, namespaceAt } from "./file-name.ts";
import { type Reference, recordOf, sequenceOf } from "./ids.ts";
import { indexEntry, indexNode } from "./layout.ts";

/** One entry of a directory's index: a reference, with the name that leads there. */
export interface IndexEntry extends Reference {
  /** Undefined on the last entry of a node, which only leads to a sub-node. */
  readonly name: string | undefined;
  readonly namespace: number;
  /** Attribute flags as they were when the name was last changed. */
  readonly flags: number;
  /** VCN of the node with the names before this one. */
  readonly child: number | undefined;
}

const LENGTH = indexEntry.offsetOf("lengthBytes");
const KEY_BYTES = indexEntry.offsetOf("keyBytes");
const FLAGS = indexEntry.offsetOf("flags");
const KEY = indexEntry.sizeBytes;
const HAS_CHILD = 1;
const IS_LAST = 2;

/** The entries of a node whose header lies at `header`, or as a string what is wrong with it. */
export function parseNode(bytes: Uint8Array, header: number): readonly IndexEntry[] | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const node = indexNode.view(view, header);
  const end = header + node.usedBytes;
  let at = header + node.entriesOffset;
  if (end > bytes.length || node.entriesOffset < indexNode.sizeBytes || at > end)
    return `entries from ${hex(node.entriesOffset)} to ${hex(node.usedBytes)} do not fit ${bytes.length - header} bytes`;
  const entries: IndexEntry[] = [];
  while (at + KEY <= end) {
    const length = view.getUint16(at + LENGTH, true);
    const kind = view.getUint16(at + FLAGS, true);
    const isLast = (kind & IS_LAST) !== 0;
    const keyBytes = isLast ? 0 : view.getUint16(at + KEY_BYTES, true);
    const childBytes = (kind & HAS_CHILD) !== 0 ? 8 : 0;
    if (length % 8 !== 0 || length < KEY + keyBytes + childBytes || at + length > end)
      return `entry ${entries.length} at ${hex(at)} has a length of ${length} bytes`;
    const name = isLast ? undefined : nameAt(bytes, at + KEY, keyBytes);
    if (name === undefined && !isLast) return `entry ${entries.length} at ${hex(at)} has a key of ${keyBytes} bytes`;
    const child = childBytes === 0 ? undefined : u64leOrNaN(view, at + length - 8);
    if (Number.isNaN(child)) return `entry ${entries.length} at ${hex(at)} has a sub-node at a VCN of 2^53 or above`;
    entries.push({
      record: recordOf(view, at),
      sequence: sequenceOf(view, at),
      name,
      namespace: isLast ? 0 : namespaceAt(view, at + KEY),
      flags: isLast ? 0 : flagsAt(view, at + KEY),
      child,
    });
    if (isLast) return entries;
    at += length;
  }
  return `no last entry up to ${hex(node.usedBytes)}`;
}

/**
 * Adds the records that the names of a node lead to, as a glance tells: at a block whose update sequence still hides the ends
 * of its strides, and whose entries nobody has checked. Good enough to know what to read ahead.
 */
export function glanceAtNode(view: DataView, header: number, limit: number, records: number[]): void {
  const { entriesOffset, usedBytes } = indexNode.view(view, header);
  const end = Math.min(limit, header + usedBytes);
  for (let at = header + entriesOffset; at + KEY <= end; ) {
    const length = view.getUint16(at + LENGTH, true);
    if (length < KEY || (view.getUint16(at + FLAGS, true) & IS_LAST) !== 0) return;
    records.push(recordOf(view, at));
    at += length;
  }
}
