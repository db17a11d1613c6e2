import { nameFromBytes } from "../../../bytes/names.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { bytesAt, type Recogniser, recognised } from "../recognised.ts";
import { zfsListHead, zfsPairHead, zfsUberblock } from "./layout.ts";

const UBERBLOCK_MAGIC = 0x00bab10cn;
const UBERBLOCK_MAGIC_SWAPPED = 0x0cb1ba0000000000n;
const UBERBLOCKS_BYTE = 128 * 1024;
const UBERBLOCK_STEP_BYTES = 1024;
const LIST_BYTE = 16 * 1024;
const LIST_BYTES = 112 * 1024;

/** Types of values (sys/nvpair.h) that are wanted here. */
const UINT64 = 8;
const STRING = 9;

/** The first of a device's four labels: a ring of uberblocks, and a list with the pool's name. */
export const zfs: Recogniser = (source) => {
  if (!hasUberblock(source)) return undefined;
  const pairs = labelPairs(source);
  const guid = pairs.get("pool_guid");
  return recognised("ZFS", {
    label: typeof pairs.get("name") === "string" ? String(pairs.get("name")) : "",
    uuid: typeof guid === "bigint" ? String(guid) : undefined,
  });
};

function hasUberblock(source: BlockSource): boolean {
  const ring = bytesAt(source, UBERBLOCKS_BYTE, UBERBLOCKS_BYTE);
  if (ring === undefined) return false;
  for (let at = 0; at < ring.length; at += UBERBLOCK_STEP_BYTES) {
    const { magic } = zfsUberblock.view(ring, at);
    if (magic === UBERBLOCK_MAGIC || magic === UBERBLOCK_MAGIC_SWAPPED) return true;
  }
  return false;
}

/** The strings and integers at the top of the label's list; what does not parse ends it. */
function labelPairs(source: BlockSource): Map<string, string | bigint> {
  const pairs = new Map<string, string | bigint>();
  const list = bytesAt(source, LIST_BYTE, LIST_BYTES);
  if (list === undefined || zfsListHead.view(list).encoding !== 1) return pairs;
  const view = new DataView(list.buffer);
  for (let at = zfsListHead.sizeBytes; at + zfsPairHead.sizeBytes + 16 < list.length; ) {
    const { encodedBytes, nameBytes } = zfsPairHead.view(list, at);
    const nameAt = at + zfsPairHead.sizeBytes;
    const typeAt = nameAt + Math.ceil(nameBytes / 4) * 4;
    const valueAt = typeAt + 8;
    if (encodedBytes < zfsPairHead.sizeBytes || at + encodedBytes > list.length || valueAt + 8 > at + encodedBytes) break;
    const name = nameFromBytes(list.subarray(nameAt, nameAt + nameBytes));
    const type = view.getUint32(typeAt);
    if (type === UINT64) pairs.set(name, view.getBigUint64(valueAt));
    if (type === STRING) {
      const length = view.getUint32(valueAt);
      pairs.set(name, nameFromBytes(list.subarray(valueAt + 4, Math.min(valueAt + 4 + length, at + encodedBytes))));
    }
    at += encodedBytes;
  }
  return pairs;
}
