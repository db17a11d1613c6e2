import { safeNumber, u64leOrNaN } from "../../../bytes/int64.ts";
import { hex, NomountError } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { BTrees, readChecked } from "../persistent-data/btree.ts";
import { METADATA_BLOCK_BYTES } from "../persistent-data/layout.ts";
import {
  deviceDetails,
  NEEDS_CHECK,
  SUPERBLOCK_CHECKSUM_XOR,
  SUPERBLOCK_MAGIC,
  SUPERBLOCK_VERSIONS,
  superblock,
} from "./layout.ts";

const SECTOR_BYTES = 512;

/** A stretch of virtual blocks that lie in neighbouring data blocks, or cannot be had. */
export interface MappedRun {
  readonly virtualBlock: number;
  readonly blocks: number;
  /** The first data block, or why there is none. */
  readonly data: number | NomountError;
}

/** The metadata of a thin pool. */
export interface ThinPool {
  readonly blockBytes: number;
  readonly transactionId: number;
  /** An error stopped it: what it maps may be wrong until thin_check has passed. */
  readonly needsCheck: boolean;
  /** The mapped blocks of a thin device, or undefined when the pool has no such device. */
  mappedBlocks(deviceId: number): number | undefined;
  /** Runs of one device that overlap `[from, end)`, ascending, from the first virtual block that is mapped. Clipped at `end`. */
  runs(deviceId: number, from: number, end: number): Iterable<MappedRun>;
}

/** Opens a pool's metadata device. `dataBytes` limits what may be mapped. Throws `corrupt` or `unsupported`. */
export function openPool(metadata: BlockSource, dataBytes: number): ThinPool {
  const where = { label: metadata.label, offsetBytes: 0 };
  const wrong = (what: string) => new NomountError("corrupt", `lvm2: thin pool superblock: ${what}`, { where });
  if (metadata.sizeBytes < METADATA_BLOCK_BYTES) throw wrong(`the metadata device has ${metadata.sizeBytes} bytes`);
  const head = superblock.view(readChecked(metadata, 0, SUPERBLOCK_CHECKSUM_XOR, wrong));
  if (head.magic !== SUPERBLOCK_MAGIC) throw wrong(`magic: expected ${hex(SUPERBLOCK_MAGIC)}, found ${hex(head.magic)}`);
  if (!SUPERBLOCK_VERSIONS.includes(head.version) || head.incompatFlags !== 0) {
    throw new NomountError(
      "unsupported",
      `lvm2: thin pool superblock: version ${head.version}, incompatible features ${hex(head.incompatFlags)}: expected version 1 or 2, and none`,
      { where },
    );
  }
  const blockBytes = head.dataBlockSize * SECTOR_BYTES;
  if (blockBytes === 0) throw wrong("data block size 0");
  const dataBlocks = Math.floor(dataBytes / blockBytes);
  const trees = new BTrees(metadata, "thin pool");
  const mappingRoot = safeNumber(head.dataMappingRoot, "lvm2: thin pool superblock: root of the mappings", where);
  const detailsRoot = safeNumber(head.deviceDetailsRoot, "lvm2: thin pool superblock: root of the devices", where);

  /** The value of one key, through `read` while it lies there; undefined when there is none. */
  function find<T>(root: number, valueBytes: number, key: number, read: (view: DataView, at: number) => T): T | undefined {
    for (const entry of trees.entries(root, valueBytes, key)) {
      if (entry.error !== undefined) throw entry.error;
      return entry.key === key ? read(entry.view, entry.at) : undefined;
    }
    return undefined;
  }

  const roots = new Map<number, number | undefined>();
  function rootOf(deviceId: number): number | undefined {
    if (!roots.has(deviceId)) roots.set(deviceId, find(mappingRoot, 8, deviceId, u64leOrNaN));
    return roots.get(deviceId);
  }

  return {
    blockBytes,
    transactionId: safeNumber(head.transactionId, "lvm2: thin pool superblock: transaction", where),
    needsCheck: (head.flags & NEEDS_CHECK) !== 0,
    mappedBlocks: (deviceId) =>
      find(detailsRoot, deviceDetails.sizeBytes, deviceId, (view, at) =>
        u64leOrNaN(view, at + deviceDetails.offsetOf("mappedBlocks")),
      ),
    *runs(deviceId, from, end) {
      const root = rootOf(deviceId);
      if (root === undefined) throw wrongDevice(metadata.label, deviceId);
      let held: { virtualBlock: number; blocks: number; data: number } | undefined;
      for (const entry of trees.entries(root, 8, from)) {
        if (entry.key >= end) break;
        if (entry.error === undefined) {
          const data = dataBlock(entry.view, entry.at);
          if (
            held !== undefined &&
            entry.key === held.virtualBlock + held.blocks &&
            data === held.data + held.blocks &&
            data < dataBlocks
          ) {
            held.blocks += 1;
            continue;
          }
          if (held !== undefined) yield held;
          held = undefined;
          if (data < dataBlocks) held = { virtualBlock: entry.key, blocks: 1, data };
          else yield { virtualBlock: entry.key, blocks: 1, data: beyond(metadata.label, entry.key, data, dataBlocks) };
        } else {
          if (held !== undefined) yield held;
          held = undefined;
          yield { virtualBlock: entry.key, blocks: Math.min(entry.endKey, end) - entry.key, data: entry.error };
        }
      }
      if (held !== undefined) yield held;
    },
  };
}

/** A mapping's value is the data block shifted left by 24, with the time of its snapshot below. */
function dataBlock(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 256 + (view.getUint32(at, true) >>> 24);
}

function wrongDevice(label: string, deviceId: number): NomountError {
  return new NomountError("corrupt", `lvm2: thin pool: it has no device ${deviceId}`, { where: { label } });
}

function beyond(label: string, virtualBlock: number, data: number, dataBlocks: number): NomountError {
  return new NomountError(
    "corrupt",
    `lvm2: thin pool: block ${virtualBlock} is mapped to data block ${data}: the pool has ${dataBlocks}`,
    { where: { label } },
  );
}
