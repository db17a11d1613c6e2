import { safeNumber } from "../../../bytes/int64.ts";
import { hex, NomountError } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { SliceSource } from "../../../source/slice.ts";
import type { Segment } from "../group.ts";
import { arrayValues } from "../persistent-data/array.ts";
import { BTrees, readChecked } from "../persistent-data/btree.ts";
import { METADATA_BLOCK_BYTES } from "../persistent-data/layout.ts";
import { type SegmentContext, volumeError } from "../segment.ts";
import { type ExceptionCollector, sortedExceptions } from "../snapshot/exceptions.ts";
import { snapshotSource } from "../snapshot/snapshot.ts";
import { CACHE_CHECKSUM_XOR, CACHE_MAGIC, CACHE_VERSIONS, cacheSuperblock, MAPPING_VALID } from "./layout.ts";

const SECTOR_BYTES = 512;

/**
 * `cache` (lib/cache_segtype/cache.c; the kernel's dm-cache-target.c): blocks that the fast device holds are read there, whether or
 * not they are dirty, the others from the origin. Without the fast device a cache that was written through is its origin.
 */
export function openCache(context: SegmentContext): BlockSource {
  const { segment, label, lengthBytes } = context;
  const origin = context.sibling(segment.fields.string("origin"));
  const name = segment.fields.string("cache_pool");
  const pool = context.group.logicalVolumes.get(name)?.segments.find(({ type }) => type === "cache-pool");
  const mode = (pool ?? segment).fields.optionalString("cache_mode");
  if (context.partial(name)) {
    if (mode === "writethrough") return origin;
    throw volumeError(
      "source",
      label,
      `its cache ${name} is on a physical volume that is missing, and may hold what was written last`,
    );
  }
  const { metadata, data } = pool === undefined ? cacheVolume(context, name) : cachePool(context, pool);
  const { chunkBytes, exceptions } = readMappings(metadata, data, lengthBytes);
  return snapshotSource(label, lengthBytes, origin, data, { chunkBytes, exceptions, usedBytes: 0 });
}

/** `cache-pool`: room for blocks of another volume, and nothing by itself. */
export function openCachePool(context: SegmentContext): BlockSource {
  return context.sibling(context.segment.fields.string("data"));
}

interface Parts {
  readonly metadata: BlockSource;
  readonly data: BlockSource;
}

function cachePool(context: SegmentContext, { fields }: Segment): Parts {
  return { metadata: context.sibling(fields.string("metadata")), data: context.sibling(fields.string("data")) };
}

/** One volume for both, which the segment that uses it shares out, in sectors. */
function cacheVolume(context: SegmentContext, name: string): Parts {
  const { fields } = context.segment;
  const source = context.sibling(name);
  const part = (start: string, length: string) => {
    const [startBytes, sizeBytes] = [fields.integer(start) * SECTOR_BYTES, fields.integer(length) * SECTOR_BYTES];
    return new SliceSource(source, startBytes, sizeBytes, source.label);
  };
  return { metadata: part("metadata_start", "metadata_len"), data: part("data_start", "data_len") };
}

function readMappings(metadata: BlockSource, data: BlockSource, originBytes: number) {
  const where = { label: metadata.label, offsetBytes: 0 };
  const wrong = (what: string) => new NomountError("corrupt", `lvm2: dm-cache superblock: ${what}`, { where });
  if (metadata.sizeBytes < METADATA_BLOCK_BYTES) throw wrong(`the metadata device has ${metadata.sizeBytes} bytes`);
  const head = cacheSuperblock.view(readChecked(metadata, 0, CACHE_CHECKSUM_XOR, wrong));
  if (head.magic !== CACHE_MAGIC) throw wrong(`magic: expected ${hex(CACHE_MAGIC)}, found ${hex(head.magic)}`);
  if (!CACHE_VERSIONS.includes(head.version) || head.incompatFlags !== 0) {
    const found = `version ${head.version}, incompatible features ${hex(head.incompatFlags)}`;
    throw new NomountError("unsupported", `lvm2: dm-cache superblock: ${found}: expected version 1 or 2, and none`, { where });
  }
  const chunkBytes = head.dataBlockSize * SECTOR_BYTES;
  if (chunkBytes === 0) throw wrong("data block size 0");
  const cacheBlocks = Math.min(head.cacheBlocks, Math.floor(data.sizeBytes / chunkBytes));
  const originBlocks = Math.ceil(originBytes / chunkBytes);
  const collector = sortedExceptions(cacheBlocks, originBlocks);
  const root = safeNumber(head.mappingRoot, "lvm2: dm-cache superblock: root of the mappings", where);
  for (const { index, view, at } of arrayValues(metadata, new BTrees(metadata, "dm-cache"), root, cacheBlocks)) {
    addMapping(collector, view, at, index, originBlocks, wrong);
  }
  const exceptions = collector.finish((block) => {
    throw wrong(`block ${block} of the origin is cached twice`);
  });
  return { chunkBytes, exceptions };
}

function addMapping(
  collector: ExceptionCollector,
  view: DataView,
  at: number,
  index: number,
  originBlocks: number,
  wrong: (what: string) => NomountError,
): void {
  const low = view.getUint32(at, true);
  if ((low & MAPPING_VALID) === 0) return;
  const block = view.getUint32(at + 4, true) * 2 ** 16 + (low >>> 16);
  if (block >= originBlocks) throw wrong(`cache block ${index} holds block ${block}: the origin has ${originBlocks}`);
  collector.add(block, index);
}
