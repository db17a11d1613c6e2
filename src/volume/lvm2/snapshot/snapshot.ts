import type { BlockSource, Extent } from "../../../source/block-source.ts";
import { MappedSource } from "../../../source/mapped.ts";
import type { SnapshotStore } from "./store.ts";

/** The origin's content at the time of the snapshot, later writes to the snapshot included: excepted chunks come from the store. */
export function snapshotSource(
  label: string,
  sizeBytes: number,
  origin: BlockSource,
  storeSource: BlockSource,
  store: SnapshotStore,
): BlockSource {
  const { chunkBytes, exceptions } = store;
  return new MappedSource(label, sizeBytes, function* (offsetBytes, lengthBytes): Generator<Extent> {
    const end = offsetBytes + lengthBytes;
    let index = exceptions.indexFrom(Math.floor(offsetBytes / chunkBytes));
    for (let at = offsetBytes; at < end; ) {
      const chunk = Math.floor(at / chunkBytes);
      const excepted = index < exceptions.count ? exceptions.oldChunk(index) : Number.POSITIVE_INFINITY;
      if (chunk < excepted) {
        const to = Math.min(end, excepted * chunkBytes);
        yield* originExtents(origin, at, to - at);
        at = to;
        continue;
      }
      // Neighbours whose new chunks are neighbours too are one extent.
      const first = exceptions.newChunk(index);
      let run = 1;
      while (
        (chunk + run) * chunkBytes < end &&
        index + run < exceptions.count &&
        exceptions.oldChunk(index + run) === chunk + run &&
        exceptions.newChunk(index + run) === first + run
      ) {
        run += 1;
      }
      const to = Math.min(end, (chunk + run) * chunkBytes);
      yield {
        kind: "data",
        lengthBytes: to - at,
        source: storeSource,
        offsetBytes: first * chunkBytes + (at - chunk * chunkBytes),
      };
      at = to;
      index += run;
    }
  });
}

/** An origin that was made smaller since has an end before the snapshot's. */
function* originExtents(origin: BlockSource, offsetBytes: number, lengthBytes: number): Generator<Extent> {
  const present = Math.min(lengthBytes, Math.max(0, origin.sizeBytes - offsetBytes));
  if (present > 0) yield { kind: "data", lengthBytes: present, source: origin, offsetBytes };
  if (present < lengthBytes) {
    const message = `lvm2: ${origin.label} ends at byte ${origin.sizeBytes}, before this place of its snapshot`;
    yield { kind: "missing", lengthBytes: lengthBytes - present, fault: { kind: "corrupt", message } };
  }
}
