import type { Extent } from "../../source/block-source.ts";
import type { PaxRecord } from "./pax.ts";
import { paddingOf } from "./pax.ts";

/** A hole is worth a map from this size on: no filesystem has smaller blocks that it would leave out one by one. */
const MIN_HOLE_BYTES = 4096;

/** Where a file's content is stored: pairs of offset and length, neighbours merged. */
export class DataMap {
  /** Two to a stretch. */
  readonly #numbers: number[] = [];
  #at = 0;
  #worthwhile = false;

  /** The next extent of the content. */
  add(extent: Extent): void {
    const { lengthBytes } = extent;
    if (extent.kind === "hole") {
      this.#worthwhile ||= lengthBytes >= MIN_HOLE_BYTES;
    } else {
      const last = this.#numbers.length - 2;
      const end = last < 0 ? -1 : (this.#numbers[last] ?? 0) + (this.#numbers[last + 1] ?? 0);
      if (end === this.#at) this.#numbers[last + 1] = (this.#numbers[last + 1] ?? 0) + lengthBytes;
      else this.#numbers.push(this.#at, lengthBytes);
    }
    this.#at += lengthBytes;
  }

  /** Whether there is a hole that should stay one. */
  get isSparse(): boolean {
    return this.#worthwhile;
  }

  get storedBytes(): number {
    let bytes = 0;
    for (let i = 1; i < this.#numbers.length; i += 2) bytes += this.#numbers[i] ?? 0;
    return bytes;
  }

  /**
   * The map as it stands at the beginning of the member's data: a count, then offset and length of each stretch, decimal, a
   * line each, padded to a block (GNU tar manual, "PAX Format, Version 1.0"). A file that ends in a hole ends in an empty stretch.
   */
  encode(sizeBytes: number): Uint8Array {
    const numbers = this.#numbers;
    const endsInHole = (numbers.at(-2) ?? -1) + (numbers.at(-1) ?? 0) < sizeBytes;
    const lines = [numbers.length / 2 + (endsInHole ? 1 : 0), ...numbers];
    if (endsInHole) lines.push(sizeBytes, 0);
    const text = new TextEncoder().encode(`${lines.join("\n")}\n`);
    const padded = new Uint8Array(text.length + paddingOf(text.length));
    padded.set(text);
    return padded;
  }
}

/** What says that a member is sparse in GNU tar's format 1.0; its path then stands here, and another in the block. */
export function sparseRecords(path: Uint8Array, sizeBytes: number): readonly PaxRecord[] {
  return [
    { keyword: "GNU.sparse.major", value: "1" },
    { keyword: "GNU.sparse.minor", value: "0" },
    { keyword: "GNU.sparse.name", value: path },
    { keyword: "GNU.sparse.realsize", value: String(sizeBytes) },
  ];
}

/** The path in the block of a sparse member, by which a program that knows nothing of it unpacks map and data as they lie. */
export function sparseBlockPath(path: Uint8Array): Uint8Array {
  const name = path.subarray(path.lastIndexOf(SLASH) + 1);
  const folder = new TextEncoder().encode("GNUSparseFile.0/");
  const whole = new Uint8Array(Math.min(MAX_NAME_BYTES, folder.length + name.length));
  whole.set(folder);
  whole.set(name.subarray(0, whole.length - folder.length), folder.length);
  return whole;
}

const SLASH = 0x2f;
const MAX_NAME_BYTES = 100;
