import { ManifestFile, type PlacedRecord } from "./manifest-file.ts";
import type { ManifestRecord } from "./record.ts";

/** Slots are filled to this share, so that searches stay short. */
const FULL = 0.6;
const EMPTY = 0;

/**
 * Finds records by their paths. In memory there are 17 bytes for each slot, in columns: a hash of the path, where the record
 * lies, and whether it was asked for; the path itself is compared with the file. Of two records of a path the later counts.
 */
export class ManifestIndex {
  readonly file: ManifestFile;
  #hashes = new Float64Array(1024);
  #offsets = new Float64Array(1024);
  #seen = new Uint8Array(1024);
  #count = 0;

  constructor(path: string) {
    this.file = new ManifestFile(path);
    for (const { record, offsetBytes } of this.file.records()) this.#add(record.path, offsetBytes);
  }

  find(path: string): ManifestRecord | undefined {
    const slot = this.#slotOf(path);
    return slot === undefined ? undefined : this.#recordIn(slot);
  }

  /** The record of this path has been dealt with. */
  see(path: string): void {
    const slot = this.#slotOf(path);
    if (slot !== undefined) this.#seen[slot] = 1;
  }

  /** The records that count, seen or not, in the order of the file. */
  *all(which: "seen" | "unseen"): Generator<PlacedRecord> {
    for (const placed of this.file.records()) {
      const slot = this.#slotOf(placed.record.path);
      if (slot === undefined || this.#offsets[slot] !== placed.offsetBytes + 1) continue;
      if ((this.#seen[slot] === 1) === (which === "seen")) yield placed;
    }
  }

  close(): void {
    this.file.close();
  }

  #add(path: string, offsetBytes: number): void {
    const known = this.#slotOf(path);
    if (known !== undefined) {
      this.#offsets[known] = offsetBytes + 1;
      return;
    }
    if (this.#count >= this.#hashes.length * FULL) this.#grow();
    this.#put(hashOf(path), offsetBytes + 1);
    this.#count += 1;
  }

  #put(hash: number, offset: number, seen = 0): void {
    let slot = hash % this.#hashes.length;
    while (this.#offsets[slot] !== EMPTY) slot = (slot + 1) % this.#hashes.length;
    this.#hashes[slot] = hash;
    this.#offsets[slot] = offset;
    this.#seen[slot] = seen;
  }

  #slotOf(path: string): number | undefined {
    const hash = hashOf(path);
    const size = this.#hashes.length;
    for (let slot = hash % size; this.#offsets[slot] !== EMPTY; slot = (slot + 1) % size) {
      if (this.#hashes[slot] === hash && this.#recordIn(slot).path === path) return slot;
    }
    return undefined;
  }

  #recordIn(slot: number): ManifestRecord {
    return this.file.recordAt((this.#offsets[slot] ?? 1) - 1);
  }

  #grow(): void {
    const [hashes, offsets, seen] = [this.#hashes, this.#offsets, this.#seen];
    this.#hashes = new Float64Array(hashes.length * 2);
    this.#offsets = new Float64Array(hashes.length * 2);
    this.#seen = new Uint8Array(hashes.length * 2);
    for (const [slot, offset] of offsets.entries()) if (offset !== EMPTY) this.#put(hashes[slot] ?? 0, offset, seen[slot]);
  }
}

/** 53 bits of a text (two 32-bit FNV-1a sums with different beginnings). */
function hashOf(text: string): number {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b);
  }
  return ((a >>> 0) & 0x1fffff) * 2 ** 32 + (b >>> 0);
}
