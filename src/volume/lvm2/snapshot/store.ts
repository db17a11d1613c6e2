import { u64leOrNaN, u64Text } from "../../../bytes/int64.ts";
import { hex, NomountError } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { type Exceptions, sortedExceptions } from "./exceptions.ts";
import { exception, STORE_MAGIC, STORE_VERSION, storeHeader } from "./layout.ts";

const SECTOR_BYTES = 512;
/** dm-snapshot takes chunks of a page up to 2^31 - 1 sectors; lvm2 makes 4 to 512 KiB. The area of a chunk is read at once. */
const MAX_CHUNK_BYTES = 64 * 2 ** 20;
/** Areas are read together with what lies between them while that is no more than this: fewer reads, the same time. */
const EXCEPTION_BYTES = exception.sizeBytes;

/** What a store holds: which chunks of the origin differ, and where their content lies. */
export interface SnapshotStore {
  readonly chunkBytes: number;
  readonly exceptions: Exceptions;
  /** Of the store, header and exception areas included: what `lvs` gives as Data%. */
  readonly usedBytes: number;
}

/** The chunk size that a store's header gives, in bytes. Throws as `readStore` does. */
export function storeChunkBytes(store: BlockSource): number {
  const where = { label: store.label, offsetBytes: 0 };
  const bytes = new Uint8Array(storeHeader.sizeBytes);
  store.readSync(bytes, 0);
  const header = storeHeader.view(bytes);
  if (header.magic !== STORE_MAGIC) {
    throw new NomountError(
      "corrupt",
      `lvm2: snapshot header: magic: expected ${hex(STORE_MAGIC)}, found ${hex(header.magic)}`,
      { where },
    );
  }
  if (header.valid === 0) {
    throw new NomountError("source", "lvm2: the snapshot is invalid: its store overflowed, and what it held is lost", {
      where,
    });
  }
  if (header.version !== STORE_VERSION) {
    throw new NomountError("unsupported", `lvm2: snapshot header: version ${header.version}: expected 1`, { where });
  }
  const chunkBytes = header.chunkSize * SECTOR_BYTES;
  if (chunkBytes === 0 || (header.chunkSize & (header.chunkSize - 1)) !== 0 || chunkBytes > MAX_CHUNK_BYTES) {
    throw new NomountError(
      "corrupt",
      `lvm2: snapshot header: chunk size of ${header.chunkSize} sectors: expected a power of two up to ${MAX_CHUNK_BYTES / SECTOR_BYTES}`,
      { where },
    );
  }
  return chunkBytes;
}

/**
 * Reads the whole list of exceptions. Throws `source` when the snapshot has overflowed, `corrupt` where the store contradicts
 * itself; `originBytes` limits what may be excepted.
 */
export function readStore(store: BlockSource, originBytes: number): SnapshotStore {
  const chunkBytes = storeChunkBytes(store);
  const perArea = chunkBytes / EXCEPTION_BYTES;
  const storeChunks = Math.floor(store.sizeBytes / chunkBytes);
  const originChunks = Math.ceil(originBytes / chunkBytes);
  const area = new Uint8Array(chunkBytes);
  const view = new DataView(area.buffer);
  const pairs = sortedExceptions(storeChunks, originChunks);
  let areas = 0;
  for (let ended = false; !ended; areas++) {
    const areaChunk = 1 + areas * (perArea + 1);
    // A store that is full to the last area has no room for the next one, and so no end mark.
    if (areaChunk >= storeChunks) break;
    store.readSync(area, areaChunk * chunkBytes);
    for (let at = 0; at < chunkBytes; at += EXCEPTION_BYTES) {
      const newChunk = u64leOrNaN(view, at + 8);
      if (newChunk === 0) {
        ended = true;
        break;
      }
      const oldChunk = u64leOrNaN(view, at);
      const isArea = (newChunk - 1) % (perArea + 1) === 0;
      if (!(newChunk > 1 && newChunk < storeChunks) || isArea) {
        throw wrong(
          store,
          areaChunk * chunkBytes + at,
          `new chunk ${u64Text(newChunk)}: expected a data chunk below ${storeChunks}`,
        );
      }
      if (!(oldChunk < originChunks)) {
        throw wrong(
          store,
          areaChunk * chunkBytes + at,
          `old chunk ${u64Text(oldChunk)}: the origin has ${originChunks} chunks`,
        );
      }
      pairs.add(oldChunk, newChunk);
    }
  }
  const exceptions = pairs.finish((oldChunk) => {
    throw wrong(store, undefined, `chunk ${oldChunk} of the origin is excepted twice`);
  });
  return { chunkBytes, exceptions, usedBytes: (1 + Math.max(1, areas) + exceptions.count) * chunkBytes };
}

function wrong(store: BlockSource, offsetBytes: number | undefined, what: string): NomountError {
  const where = offsetBytes === undefined ? { label: store.label } : { label: store.label, offsetBytes };
  return new NomountError("corrupt", `lvm2: snapshot exception: ${what}`, { where });
}
