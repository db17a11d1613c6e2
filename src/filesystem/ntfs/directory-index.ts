import { damageOf, hex, NomountError, type Where } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { NtfsFile } from "./file.ts";
import { ATTRIBUTE } from "./ids.ts";
import { glanceAtNode, type IndexEntry, parseNode } from "./index-node.ts";
import { indexBlock, indexRoot } from "./layout.ts";
import type { Clustered } from "./run-extents.ts";
import { applyUpdateSequence } from "./update-sequence.ts";

const INDX_SIGNATURE = 0x58444e49;
const VCN_OFFSET = indexBlock.offsetOf("vcn");
const NAMES = "$I30";
const MAX_BLOCK_BYTES = 64 * 1024;
/** An index of up to so many bytes (200,000 names) is read at once when all of it is wanted; a larger one by the block. */
const MAX_WHOLE_BYTES = 32 * 1024 * 1024;
/** A byte of it stands for eight blocks: far more than a directory of a hundred million names has. */
const MAX_BITMAP_BYTES = 4 * 1024 * 1024;

/** The index of names of one directory: a B+ tree whose root lies in the record and whose other nodes are blocks of an attribute. */
export class DirectoryIndex {
  readonly root: readonly IndexEntry[];
  readonly #file: NtfsFile;
  readonly #blockBytes: number;
  readonly #vcnBytes: number;
  readonly #volume: Clustered;
  readonly #blocks: BlockSource | undefined;
  /** All of them, where all are wanted. */
  readonly #whole: Uint8Array | undefined;

  /** `readAhead`: the whole index is wanted. Throws `path` where the file is no directory, `corrupt` where its root is damaged. */
  constructor(volume: Clustered, file: NtfsFile, readAhead: boolean) {
    this.#volume = volume;
    this.#file = file;
    const { clusterBytes } = volume;
    const root = file.attribute(ATTRIBUTE.indexRoot, NAMES);
    if (root === undefined) {
      if (file.record.isDirectory) throw this.#broken("there is no $INDEX_ROOT:$I30");
      throw new NomountError("path", `ntfs: ${file.title} is no directory`, { where: this.#file.where });
    }
    const bytes = file.bytes(root, MAX_BLOCK_BYTES);
    const head = indexRoot.view(bytes, 0, this.#file.where);
    if (head.attributeType !== ATTRIBUTE.fileName)
      throw this.#broken(`$INDEX_ROOT:$I30 indexes attribute ${hex(head.attributeType)}: expected ${hex(ATTRIBUTE.fileName)}`);
    this.#blockBytes = head.indexBlockBytes;
    const entries = parseNode(bytes, indexRoot.sizeBytes);
    if (typeof entries === "string") throw this.#broken(`$INDEX_ROOT:$I30: ${entries}`);
    this.root = entries;
    // Blocks smaller than a cluster are counted in sectors of 512 bytes.
    this.#vcnBytes = clusterBytes <= this.#blockBytes ? clusterBytes : 512;
    if (!entries.some((entry) => entry.child !== undefined)) return;
    if (this.#blockBytes < 512 || this.#blockBytes > MAX_BLOCK_BYTES || this.#blockBytes % 512 !== 0)
      throw this.#broken(`$INDEX_ROOT:$I30 has blocks of ${this.#blockBytes} bytes: expected 512 to ${MAX_BLOCK_BYTES}`);
    const allocation = file.attribute(ATTRIBUTE.indexAllocation, NAMES);
    if (allocation === undefined) throw this.#broken("there is no $INDEX_ALLOCATION:$I30");
    this.#blocks = file.source(allocation);
    if (readAhead) this.#whole = wholeOf(this.#blocks);
  }

  /** The entries of the block at a VCN. Throws `corrupt` where the block is damaged, or another. */
  block(vcn: number): readonly IndexEntry[] {
    const blocks = this.#blocks;
    const offsetBytes = vcn * this.#vcnBytes;
    if (blocks === undefined || !(offsetBytes + this.#blockBytes <= blocks.sizeBytes)) {
      throw this.#broken(`INDX block ${vcn} lies past the ${blocks?.sizeBytes ?? 0} bytes of $INDEX_ALLOCATION:$I30`);
    }
    const bytes = this.#bytes(blocks, offsetBytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const title = `${this.#file.title}: INDX block ${vcn}`;
    const at = () => this.#placeOf(blocks, offsetBytes);
    const refuse = (problem: string) => new NomountError("corrupt", `ntfs: ${title}: ${problem}`, { where: at() });
    const signature = view.getUint32(0, true);
    if (signature !== INDX_SIGNATURE) throw refuse(`expected the signature "INDX", found ${hex(signature, 8)}`);
    const tear = applyUpdateSequence(view, 0, bytes.length);
    if (tear !== undefined) throw refuse(tear.problem);
    const found = view.getBigUint64(VCN_OFFSET, true);
    if (found !== BigInt(vcn)) throw refuse(`expected VCN ${vcn}, found ${found}`);
    const entries = parseNode(bytes, indexBlock.sizeBytes);
    if (typeof entries === "string") throw refuse(entries);
    return entries;
  }

  /** The records that most names lead to, where the index is read as a whole: they are wanted soon. */
  records(): readonly number[] {
    const records: number[] = [];
    const whole = this.#whole;
    if (whole === undefined) return records;
    const view = new DataView(whole.buffer);
    for (let at = 0; at + this.#blockBytes <= whole.length; at += this.#blockBytes) {
      if (view.getUint32(at, true) === INDX_SIGNATURE)
        glanceAtNode(view, at + indexBlock.sizeBytes, at + this.#blockBytes, records);
    }
    return records;
  }

  /** VCNs of the blocks that the directory's bitmap marks as used: what is left to go by when the tree is torn. */
  *usedBlocks(): Generator<number> {
    const bitmap = this.#file.attribute(ATTRIBUTE.bitmap, NAMES);
    if (bitmap === undefined || this.#blocks === undefined) return;
    const bytes = this.#file.bytes(bitmap, MAX_BITMAP_BYTES);
    const count = Math.min(bytes.length * 8, Math.floor(this.#blocks.sizeBytes / this.#blockBytes));
    for (let i = 0; i < count; i++) {
      if (((bytes[i >> 3] ?? 0) & (1 << (i & 7))) !== 0) yield (i * this.#blockBytes) / this.#vcnBytes;
    }
  }

  #broken(problem: string): NomountError {
    return new NomountError("corrupt", `ntfs: ${this.#file.title}: ${problem}`, { where: this.#file.where });
  }

  /** A block as it lies, the caller's own: each is asked for once. */
  #bytes(blocks: BlockSource, offsetBytes: number): Uint8Array {
    if (this.#whole !== undefined) return this.#whole.subarray(offsetBytes, offsetBytes + this.#blockBytes);
    const bytes = new Uint8Array(this.#blockBytes);
    blocks.readSync(bytes, offsetBytes);
    return bytes;
  }

  #placeOf(blocks: BlockSource, offsetBytes: number): Where {
    const { label } = this.#volume.source;
    for (const extent of blocks.extents?.(offsetBytes, 1) ?? [])
      if (extent.kind === "data") return { label, offsetBytes: extent.offsetBytes };
    return { label };
  }
}

/** Undefined where there are too many, or not all are to be had: then each is to be read alone, so that only that fails. */
function wholeOf(blocks: BlockSource): Uint8Array | undefined {
  if (blocks.sizeBytes > MAX_WHOLE_BYTES) return undefined;
  try {
    const whole = new Uint8Array(blocks.sizeBytes);
    blocks.readSync(whole, 0);
    return whole;
  } catch (error) {
    damageOf(error);
    return undefined;
  }
}
