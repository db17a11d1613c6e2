import { crc32c } from "../../../bytes/crc32c.ts";
import { u64leOrNaN, u64Text } from "../../../bytes/int64.ts";
import { hex, NomountError } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { INTERNAL_NODE, LEAF_NODE, METADATA_BLOCK_BYTES, NODE_CHECKSUM_XOR, nodeHeader } from "./layout.ts";

/** An entry of a tree, or a range of keys that cannot be had because a node is damaged. */
export type Entry =
  /** `at`: where the value lies in `view`, valid until the next entry is asked for. */
  | { readonly key: number; readonly view: DataView; readonly at: number; readonly error?: undefined }
  | { readonly key: number; readonly endKey: number; readonly error: NomountError };

interface Node {
  readonly view: DataView;
  readonly internal: boolean;
  readonly entries: number;
  readonly valuesAt: number;
  readonly valueBytes: number;
}

/** 252 entries a node: seven levels hold more blocks than 2^53 bytes have. */
const MAX_DEPTH = 10;
/** 8 MiB of nodes: the leaves of 500,000 mapped blocks. */
const MAX_CACHED_NODES = 2048;
const HEADER_BYTES = nodeHeader.sizeBytes;

/** The B-trees of one metadata device: nodes are checked when read, and kept while there is room. */
export class BTrees {
  readonly #source: BlockSource;
  /** As messages name it: "thin pool". */
  readonly #name: string;
  readonly #nodes = new Map<number, Node>();

  constructor(source: BlockSource, name: string) {
    this.#source = source;
    this.#name = name;
  }

  /** The entries of the tree at block `root` with keys of `from` and above, ascending. */
  *entries(root: number, valueBytes: number, from: number): Generator<Entry> {
    yield* this.#walk(root, valueBytes, from, Number.POSITIVE_INFINITY, 0);
  }

  *#walk(block: number, valueBytes: number, from: number, end: number, depth: number): Generator<Entry> {
    let node: Node;
    try {
      if (depth === MAX_DEPTH) throw this.#wrong(block, `the tree is deeper than ${MAX_DEPTH} levels`);
      node = this.#node(block, valueBytes);
      if (depth > 0 && node.entries === 0) throw this.#wrong(block, "it is empty, and not the root");
      // None reaches into the next node's keys: so every walk comes to an end.
      const last = node.entries === 0 ? -1 : keyAt(node.view, node.entries - 1);
      if (!(last < end)) throw this.#wrong(block, `key ${u64Text(last)}: expected keys below ${end}`);
    } catch (error) {
      if (!(error instanceof NomountError)) throw error;
      yield { key: from, endKey: end, error };
      return;
    }
    const { view, internal, entries, valuesAt } = node;
    for (let i = firstIndex(node, from); i < entries; i++) {
      const key = keyAt(view, i);
      if (!internal) yield { key, view, at: valuesAt + i * valueBytes };
      else {
        const child = u64leOrNaN(view, valuesAt + i * 8);
        const childEnd = i + 1 < entries ? keyAt(view, i + 1) : end;
        yield* this.#walk(child, valueBytes, Math.max(key, from), childEnd, depth + 1);
      }
    }
  }

  #node(block: number, valueBytes: number): Node {
    const cached = this.#nodes.get(block);
    if (cached !== undefined && (cached.internal || cached.valueBytes === valueBytes)) {
      this.#nodes.delete(block);
      this.#nodes.set(block, cached);
      return cached;
    }
    const node = this.#read(block, valueBytes);
    if (this.#nodes.size >= MAX_CACHED_NODES) {
      for (const oldest of this.#nodes.keys()) {
        this.#nodes.delete(oldest);
        break;
      }
    }
    this.#nodes.set(block, node);
    return node;
  }

  #read(block: number, valueBytes: number): Node {
    const blocks = Math.floor(this.#source.sizeBytes / METADATA_BLOCK_BYTES);
    // Block 0 is the superblock; NaN, a number of 2^53 and more, fails both comparisons.
    if (!(block > 0 && block < blocks)) {
      throw new NomountError(
        "corrupt",
        `lvm2: ${this.#name} B-tree: node in block ${u64Text(block)}: the metadata device has ${blocks} blocks`,
        {
          where: { label: this.#source.label },
        },
      );
    }
    const bytes = readChecked(this.#source, block, NODE_CHECKSUM_XOR, (what) => this.#wrong(block, what));
    const header = nodeHeader.view(bytes);
    if (header.blockNumber !== BigInt(block)) throw this.#wrong(block, `it says that it is block ${header.blockNumber}`);
    const kind = header.flags & (INTERNAL_NODE | LEAF_NODE);
    if (kind !== INTERNAL_NODE && kind !== LEAF_NODE) throw this.#wrong(block, `flags ${hex(header.flags)} name no kind`);
    const internal = kind === INTERNAL_NODE;
    const { entries, maxEntries, valueSize } = header;
    if (valueSize !== (internal ? 8 : valueBytes))
      throw this.#wrong(block, `values of ${valueSize} bytes: expected ${valueBytes}`);
    if (entries > maxEntries || HEADER_BYTES + maxEntries * (8 + valueSize) > METADATA_BLOCK_BYTES) {
      throw this.#wrong(block, `${entries} of ${maxEntries} entries do not fit`);
    }
    const view = new DataView(bytes.buffer);
    for (let i = 0, last = -1; i < entries; i++) {
      const key = keyAt(view, i);
      if (!(key > last)) throw this.#wrong(block, `key ${u64Text(key)} of entry ${i} is out of order`);
      last = key;
    }
    return { view, internal, entries, valuesAt: HEADER_BYTES + maxEntries * 8, valueBytes: valueSize };
  }

  #wrong(block: number, what: string): NomountError {
    const where = { label: this.#source.label, offsetBytes: block * METADATA_BLOCK_BYTES };
    return new NomountError("corrupt", `lvm2: ${this.#name} B-tree: node in block ${block}: ${what}`, { where });
  }
}

/** A metadata block whose first four bytes are the checksum of the others (dm_bm_checksum of drivers/md/persistent-data). */
export function readChecked(
  source: BlockSource,
  block: number,
  checksumXor: number,
  wrong: (what: string) => NomountError,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(METADATA_BLOCK_BYTES);
  source.readSync(bytes, block * METADATA_BLOCK_BYTES);
  const expected = new DataView(bytes.buffer).getUint32(0, true);
  const found = (crc32c(bytes.subarray(4), 0xffffffff) ^ checksumXor) >>> 0;
  if (expected !== found) throw wrong(`checksum mismatch: expected ${hex(expected, 8)}, found ${hex(found, 8)}`);
  return bytes;
}

function keyAt(view: DataView, index: number): number {
  return u64leOrNaN(view, HEADER_BYTES + index * 8);
}

/** Where to begin for keys of `from` and above: in a leaf the first of them, in an internal node the child that can hold them. */
function firstIndex({ view, internal, entries }: Node, from: number): number {
  let low = 0;
  let high = entries;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyAt(view, middle) < from) low = middle + 1;
    else high = middle;
  }
  if (!internal || low === 0) return low;
  return low < entries && keyAt(view, low) === from ? low : low - 1;
}
