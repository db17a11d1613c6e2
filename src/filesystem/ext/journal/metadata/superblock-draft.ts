import { crc32c } from "../../../../bytes/crc32c.ts";
import type { BlockSource } from "../../../../source/block-source.ts";
import { SUPERBLOCK_OFFSET_BYTES, superblockLayout } from "../../layout.ts";
import { readDescriptor } from "./descriptors.ts";
import type { Draft } from "./geometry.ts";

const INCOMPAT_NEEDS_RECOVERY = 0x4;
const RO_COMPAT_ORPHAN_PRESENT = 0x10000;
const STATE_ERRORS = 2;

/**
 * Makes the superblock what a mount leaves after recovery: nothing left to recover, and free space counted anew from the
 * group descriptors, since the copy in the journal is older than they are. What the kernel had recorded about errors stays as
 * it was on the disk beneath.
 */
export function settleSuperblock(draft: Draft, beneath: BlockSource, options: { readonly orphansDone: boolean }): void {
  const { geometry } = draft;
  const bytes = new Uint8Array(superblockLayout.sizeBytes);
  const before = new Uint8Array(superblockLayout.sizeBytes);
  draft.source.readSync(bytes, SUPERBLOCK_OFFSET_BYTES);
  beneath.readSync(before, SUPERBLOCK_OFFSET_BYTES);
  const view = new DataView(bytes.buffer);
  const set = (field: Parameters<typeof superblockLayout.offsetOf>[0], value: number) =>
    view.setUint32(superblockLayout.offsetOf(field), value >>> 0, true);

  const errors = superblockLayout.offsetOf("errorCount");
  const errorsEnd = superblockLayout.offsetOf("mountOptions");
  bytes.set(before.subarray(errors, errorsEnd), errors);
  const state = superblockLayout.offsetOf("state");
  const hadErrors = superblockLayout.view(before).state & STATE_ERRORS;
  view.setUint16(state, view.getUint16(state, true) | hadErrors, true);

  const now = superblockLayout.view(bytes);
  set("incompatibleFeatures", now.incompatibleFeatures & ~INCOMPAT_NEEDS_RECOVERY);
  if (options.orphansDone) {
    set("lastOrphan", 0);
    set("readOnlyFeatures", now.readOnlyFeatures & ~RO_COMPAT_ORPHAN_PRESENT);
  }
  let freeClusters = 0;
  let freeInodes = 0;
  for (let group = 0; group < geometry.groupCount; group++) {
    const descriptor = readDescriptor(draft, group);
    freeClusters += descriptor.freeClusters;
    freeInodes += descriptor.freeInodes;
  }
  const freeBlocks = freeClusters * geometry.clusterBlocks;
  set("freeBlockCountLow", freeBlocks % 2 ** 32);
  if (geometry.features.has("64bit")) set("freeBlockCountHigh", Math.floor(freeBlocks / 2 ** 32));
  set("freeInodeCount", freeInodes);
  if (geometry.checksums === "crc32c") {
    const checksum = superblockLayout.offsetOf("checksum");
    set("checksum", crc32c(bytes.subarray(0, checksum), 0xffffffff));
  }
  draft.source.write(bytes, SUPERBLOCK_OFFSET_BYTES);
}
