import type { BlockSource } from "../../../source/block-source.ts";
import { type SegmentContext, volumeError } from "../segment.ts";
import { openPool, type ThinPool } from "./pool.ts";
import { thinSource } from "./thin.ts";

const SECTOR_BYTES = 512;

/** One pool serves many volumes: its nodes are kept once. */
const pools = new WeakMap<BlockSource, ThinPool>();

/** `thin-pool` (lib/thin/thin.c): its bytes are the data blocks of all its volumes, in no order of theirs. */
export function openThinPoolSegment(context: SegmentContext): BlockSource {
  return context.sibling(context.segment.fields.string("pool"));
}

/** `thin`: one device of a pool. */
export function openThin(context: SegmentContext): BlockSource {
  const { segment, label, lengthBytes } = context;
  const { pool, data, name } = poolOf(context);
  const deviceId = segment.fields.integer("device_id");
  if (pool.mappedBlocks(deviceId) === undefined) {
    throw volumeError("corrupt", label, `thin pool ${name} has no device ${deviceId}: the volume was recorded, but never made`);
  }
  const origin = segment.fields.optionalString("external_origin");
  return thinSource(label, lengthBytes, pool, deviceId, data, origin === undefined ? undefined : context.sibling(origin));
}

/** How much of a thin volume is mapped, in words. */
export function thinFacts(context: SegmentContext): string {
  const { segment } = context;
  const { pool, name } = poolOf(context);
  const deviceId = segment.fields.integer("device_id");
  const blocks = Math.ceil((segment.extentCount * context.group.extentBytes) / pool.blockBytes);
  const mapped = pool.mappedBlocks(deviceId) ?? 0;
  const share = ((100 * mapped) / Math.max(1, blocks)).toFixed(2);
  const check = pool.needsCheck ? "; the pool needs a check" : "";
  return `device ${deviceId} of ${name}, ${mapped} of ${blocks} chunks of ${pool.blockBytes} bytes mapped (${share} %)${check}`;
}

function poolOf(context: SegmentContext): { pool: ThinPool; data: BlockSource; name: string } {
  const { segment, label } = context;
  const name = segment.fields.string("thin_pool");
  const found = context.group.logicalVolumes.get(name)?.segments.find(({ type }) => type === "thin-pool");
  if (found === undefined) throw volumeError("corrupt", label, `thin_pool: ${JSON.stringify(name)} is no thin pool`);
  const data = context.sibling(found.fields.string("pool"));
  let pool = pools.get(data);
  if (pool === undefined) {
    pool = openPool(context.sibling(found.fields.string("metadata")), data.sizeBytes);
    const poolLabel = `${context.group.name}/${name}`;
    const chunkBytes = found.fields.integer("chunk_size") * SECTOR_BYTES;
    if (chunkBytes !== pool.blockBytes) {
      throw volumeError("corrupt", poolLabel, `chunk_size is ${chunkBytes} bytes, its metadata says ${pool.blockBytes}`);
    }
    if (pool.needsCheck) {
      context.warn(
        volumeError("corrupt", poolLabel, "the thin pool needs a check (needs_check is set): what it maps may be wrong"),
      );
    }
    pools.set(data, pool);
  }
  return { pool, data, name };
}
