import { fileName, indexEntry, indexNode } from "../layout.ts";
import { align, type Change, shift } from "./change.ts";

const ENTRIES = indexNode.offsetOf("entriesOffset");
const USED = indexNode.offsetOf("usedBytes");
const ALLOCATED = indexNode.offsetOf("allocatedBytes");
const LENGTH = indexEntry.offsetOf("lengthBytes");
const FLAGS = indexEntry.offsetOf("flags");
const HAS_CHILD = 1;
const VCN_BYTES = 8;
/** What an index repeats of a file lies behind the reference to the directory, up to the name's length. */
const COPIED_INFORMATION = fileName.offsetOf("created");
const COPIED_BYTES = fileName.offsetOf("nameLength") - COPIED_INFORMATION;
/** In an entry of an index that is none of names: where its data begin (libfsntfs 7.4). */
const DATA_OFFSET = 0;

/** Entries of an index, in a FILE record or in a block, behind the node header at `header`. */
export class EntryList {
  readonly #change: Change;
  readonly #header: number;

  constructor(change: Change, header: number) {
    this.#change = change;
    this.#header = header;
  }

  get usedBytes(): number {
    return this.#change.view.getUint32(this.#header + USED, true);
  }

  get allocatedBytes(): number {
    return this.#change.view.getUint32(this.#header + ALLOCATED, true);
  }

  set allocatedBytes(length: number) {
    this.#change.view.setUint32(this.#header + ALLOCATED, length, true);
  }

  /** What is wrong with the list up to `at`, or undefined where an entry begins there. `limit`: where the node ends at the latest. */
  problemAt(at: number, limit: number): string | undefined {
    const { view } = this.#change;
    const end = this.#header + this.usedBytes;
    if (end > limit) return `a node of ${this.usedBytes} bytes goes past its end`;
    let entry = this.#header + view.getUint32(this.#header + ENTRIES, true);
    while (entry < at && entry + indexEntry.sizeBytes <= end) {
      const length = this.lengthOf(entry);
      if (length < indexEntry.sizeBytes) return `an index entry of ${length} bytes at ${entry}`;
      entry += length;
    }
    if (entry !== at) return `no index entry begins at ${at}`;
    return undefined;
  }

  lengthOf(at: number): number {
    return this.#change.view.getUint16(at + LENGTH, true);
  }

  /** Of the entry that the action brings; undefined where it is cut short. */
  get newEntry(): Uint8Array | undefined {
    const { data } = this.#change.action;
    if (data === undefined || data.length < indexEntry.sizeBytes) return undefined;
    const length = new DataView(data.buffer, data.byteOffset).getUint16(LENGTH, true);
    return length < indexEntry.sizeBytes || length > data.length || length !== align(length)
      ? undefined
      : data.subarray(0, length);
  }

  insert(at: number, entry: Uint8Array): void {
    const { bytes } = this.#change;
    shift(bytes, at, entry.length, this.#header + this.usedBytes);
    bytes.set(entry, at);
    this.#setUsed(this.usedBytes + entry.length);
  }

  remove(at: number): void {
    const length = this.lengthOf(at);
    shift(this.#change.bytes, at, -length, this.#header + this.usedBytes);
    this.#setUsed(this.usedBytes - length);
  }

  /** Replaces all entries from `at` on. */
  writeEnd(at: number, data: Uint8Array): void {
    this.#change.bytes.set(data, at);
    this.#setUsed(at + data.length - this.#header);
  }

  /** The change of a single entry that keeps its length: `place` says what of it. Returns what is wrong. */
  update(at: number, place: "child" | "name" | "data"): string | undefined {
    const { view, bytes, action } = this.#change;
    const end = at + this.lengthOf(at);
    if (end > this.#header + this.usedBytes) return `an index entry of ${this.lengthOf(at)} bytes goes past its node`;
    const { data } = action;
    if (data === undefined) return "the data of the index entry are cut short";
    let target: number;
    if (place === "child") {
      if ((view.getUint16(at + FLAGS, true) & HAS_CHILD) === 0) return "the index entry has no node below it";
      if (data.length !== VCN_BYTES) return `a VCN of ${data.length} bytes`;
      target = end - VCN_BYTES;
    } else if (place === "name") {
      if (data.length !== COPIED_BYTES) return `${data.length} bytes of a file's information: expected ${COPIED_BYTES}`;
      target = at + indexEntry.sizeBytes + COPIED_INFORMATION;
    } else target = at + view.getUint16(at + DATA_OFFSET, true);
    if (target < at + indexEntry.sizeBytes || target + data.length > end)
      return `the index entry of ${end - at} bytes has no room for it`;
    bytes.set(data, target);
    return undefined;
  }

  #setUsed(length: number): void {
    this.#change.view.setUint32(this.#header + USED, length, true);
  }
}
