import { hex, NomountError } from "../../error.ts";
import type { Node } from "../node.ts";
import type { Ext2fs, RawInode } from "./ext2fs.ts";
import { flagBitsOf, type InodeBody, type InodeForm, parseBody, parseNode } from "./inode.ts";
import { CODE } from "./problem.ts";

/** Inodes are read by stretches of this many bytes: neighbours in a directory mostly are neighbours in the table. */
const STRETCH_BYTES = 32 * 1024;
/** With them, 16 MiB. */
const MAX_STRETCHES = 512;

interface Stretch {
  readonly first: number;
  readonly codes: Uint32Array;
  readonly raw: Uint8Array;
  readonly view: DataView;
}

/** Inodes by number, with those that were read with them. */
export class InodeTable {
  readonly #library: Ext2fs;
  readonly #type: string;
  readonly #label: string;
  readonly #form: InodeForm;
  readonly #inodeCount: number;
  readonly #inodesPerGroup: number;
  readonly #perStretch: number;
  readonly #stretches = new Map<number, Stretch>();
  #last: Stretch | undefined;

  constructor(
    library: Ext2fs,
    options: InodeForm & { type: string; label: string; inodeCount: number; inodesPerGroup: number },
  ) {
    this.#library = library;
    this.#type = options.type;
    this.#label = options.label;
    this.#form = options;
    this.#inodeCount = options.inodeCount;
    this.#inodesPerGroup = options.inodesPerGroup;
    this.#perStretch = Math.max(1, Math.floor(STRETCH_BYTES / options.inodeBytes));
  }

  /** The inode as a node, or why it cannot be had; with another size than its own if so wanted. It may be one that is not in use. */
  node(number: number, sizeBytes?: number): Node {
    const { stretch, offset } = this.#find(number);
    const node = parseNode(number, stretch.view, offset, this.#form, sizeBytes);
    if (!Number.isSafeInteger(node.sizeBytes)) {
      throw this.error(number, `a size of ${hex(BigInt(node.sizeBytes))} is out of range: expected below 2^53`);
    }
    return node;
  }

  raw(number: number): RawInode {
    const { stretch, offset } = this.#find(number);
    return { number, bytes: stretch.raw.subarray(offset, offset + this.#form.inodeBytes) };
  }

  flagBits(number: number): number {
    const { stretch, offset } = this.#find(number);
    return flagBitsOf(stretch.view, offset);
  }

  body(number: number): InodeBody {
    return parseBody(this.raw(number).bytes);
  }

  error(number: number, what: string): NomountError {
    const place = this.#library.inodePlace(number);
    const where = place === undefined ? { label: this.#label } : { label: this.#label, offsetBytes: place };
    return new NomountError("corrupt", `${this.#type}: inode ${number}: ${what}`, { where });
  }

  clear(): void {
    this.#stretches.clear();
    this.#last = undefined;
  }

  #find(number: number): { readonly stretch: Stretch; readonly offset: number } {
    if (!(Number.isInteger(number) && number >= 1 && number <= this.#inodeCount)) {
      throw new NomountError("corrupt", `${this.#type}: expected an inode from 1 to ${this.#inodeCount}, found ${number}`, {
        where: { label: this.#label },
      });
    }
    const stretch = this.#stretchOf(number);
    const index = number - stretch.first;
    const code = stretch.codes[index] ?? 0;
    if (code !== 0) this.#throwProblem(number, code);
    return { stretch, offset: index * this.#form.inodeBytes };
  }

  #stretchOf(number: number): Stretch {
    const last = this.#last;
    if (last !== undefined && number >= last.first && number < last.first + last.codes.length) return last;
    const group = Math.floor((number - 1) / this.#inodesPerGroup);
    const index = (number - 1) % this.#inodesPerGroup;
    const first = group * this.#inodesPerGroup + index - (index % this.#perStretch) + 1;
    const known = this.#stretches.get(first);
    const stretch = known ?? this.#read(first);
    // What could not be read is tried anew the next time.
    if (known === undefined && stretch.codes.includes(CODE.read)) return stretch;
    if (known !== undefined) this.#stretches.delete(first);
    this.#stretches.set(first, stretch);
    if (this.#stretches.size > MAX_STRETCHES) {
      for (const oldest of this.#stretches.keys()) {
        this.#stretches.delete(oldest);
        break;
      }
    }
    this.#last = stretch;
    return stretch;
  }

  #read(first: number): Stretch {
    const { bytes, next = first } = this.#library.inodes(first, this.#perStretch);
    const count = next - first;
    const { buffer } = bytes.slice();
    const raw = new Uint8Array(buffer, count * 4);
    return { first, codes: new Uint32Array(buffer, 0, count), raw, view: new DataView(buffer, count * 4) };
  }

  #throwProblem(number: number, code: number): never {
    const placeBytes = this.#library.inodePlace(number);
    // Asked again for this one alone, so that the library knows why it cannot be read.
    if (code === CODE.read) this.#library.inodes(number, 1);
    throw this.#library.errorOf({ code, inode: number, placeBytes, expected: 0n, found: 0n });
  }
}
