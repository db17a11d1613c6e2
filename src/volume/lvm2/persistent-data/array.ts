import { u64leOrNaN } from "../../../bytes/int64.ts";
import { NomountError } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { type BTrees, readChecked } from "./btree.ts";
import { ARRAY_CHECKSUM_XOR, arrayBlock, METADATA_BLOCK_BYTES } from "./layout.ts";

const HEADER_BYTES = arrayBlock.sizeBytes;

/** The 64-bit values of an array, with their indices, as views that last until the next one. Throws `corrupt`. */
export function* arrayValues(
  source: BlockSource,
  trees: BTrees,
  root: number,
  count: number,
): Generator<{ readonly index: number; readonly view: DataView; readonly at: number }> {
  const perBlock = Math.floor((METADATA_BLOCK_BYTES - HEADER_BYTES) / 8);
  const blocks = Math.floor(source.sizeBytes / METADATA_BLOCK_BYTES);
  for (const entry of trees.entries(root, 8, 0)) {
    if (entry.error !== undefined) throw entry.error;
    const block = u64leOrNaN(entry.view, entry.at);
    const wrong = (what: string) => {
      const where = { label: source.label, offsetBytes: (block || 0) * METADATA_BLOCK_BYTES };
      return new NomountError("corrupt", `lvm2: array block ${entry.key}: ${what}`, { where });
    };
    if (!(block > 0 && block < blocks)) throw wrong(`it lies past the end, at ${blocks} blocks`);
    const bytes = readChecked(source, block, ARRAY_CHECKSUM_XOR, wrong);
    const { entries, valueSize, blockNumber } = arrayBlock.view(bytes);
    if (blockNumber !== BigInt(block)) throw wrong(`it says that it is block ${blockNumber}`);
    if (valueSize !== 8 || entries > perBlock)
      throw wrong(`${entries} values of ${valueSize} bytes: expected up to ${perBlock} of 8`);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < entries; i++) {
      const index = entry.key * perBlock + i;
      if (index >= count) return;
      yield { index, view, at: HEADER_BYTES + i * 8 };
    }
  }
}
