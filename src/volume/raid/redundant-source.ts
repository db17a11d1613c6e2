import { SourceError } from "../../error.ts";
import type { Extent, RootRange } from "../../source/block-source.ts";
import { MappedSource, readExtentSync } from "../../source/mapped.ts";
import { resolve } from "../../source/resolve.ts";

/** A read that failed is tried again in pieces of this size: what is bad is a sector, seldom more. */
const PIECE_BYTES = 4096;
/** RAID 6 bears two; a mirror may have more legs, of which nobody has seen four fail at one place. */
const MAX_TRIES = 4;

/** A source that has what it holds more than once: where a read fails, it is had from elsewhere. */
export class RedundantSource extends MappedSource {
  override readSync(into: Uint8Array, offsetBytes: number): void {
    try {
      super.readSync(into, offsetBytes);
    } catch (error) {
      if (!recoverable(error)) throw error;
      for (let at = 0; at < into.length; at += PIECE_BYTES) {
        this.#readAround(into.subarray(at, Math.min(at + PIECE_BYTES, into.length)), offsetBytes + at);
      }
    }
  }

  override async read(into: Uint8Array, offsetBytes: number, signal?: AbortSignal): Promise<void> {
    try {
      await super.read(into, offsetBytes, signal);
    } catch (error) {
      if (!recoverable(error)) throw error;
      this.readSync(into, offsetBytes);
    }
  }

  #readAround(into: Uint8Array, offsetBytes: number): void {
    const avoid: RootRange[] = [];
    for (let attempt = 1; ; attempt++) {
      let tried: readonly Extent[] = [];
      try {
        let at = 0;
        for (const extent of this.extents(offsetBytes, into.length, avoid)) {
          tried = [extent];
          readExtentSync(extent, into.subarray(at, at + extent.lengthBytes));
          at += extent.lengthBytes;
        }
        return;
      } catch (error) {
        if (!recoverable(error) || attempt === MAX_TRIES) throw error;
        avoid.push(...rootsOf(tried));
      }
    }
  }
}

function recoverable(error: unknown): boolean {
  return error instanceof SourceError && !error.fatal;
}

/** Where extents come from in the end. Of what is computed, each part may be the one that failed: all are avoided. */
function rootsOf(extents: readonly Extent[]): readonly RootRange[] {
  return extents.flatMap((extent): readonly RootRange[] => {
    if (extent.kind === "packed") return rootsOf(extent.parts);
    if (extent.kind !== "data") return [];
    const roots = [...resolve(extent.source, extent.offsetBytes, extent.lengthBytes)];
    return roots.flatMap((root) => (root.kind === "data" ? [root] : root.kind === "packed" ? rootsOf(root.parts) : []));
  });
}
