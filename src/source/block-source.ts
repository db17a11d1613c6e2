import type { Fault } from "../error.ts";
import type { CodecName } from "./codec/codecs.ts";

/**
 * Bytes by position: a device, an image, a partition, a logical volume, a file's content.
 *
 * Metadata is read with `readSync`, data with `read`; whatever is made of other sources also tells its `extents`, so that
 * data can be read from the roots directly, merged with its neighbours.
 */
export interface BlockSource {
  /** How messages name it: "disk.img", "disk.img/p2", "vg0/root". */
  readonly label: string;
  /** A safe integer: sources of 2^53 bytes and more are refused when opened. */
  readonly sizeBytes: number;
  /** On a device: its logical sector, in which its partition table counts. */
  readonly sectorBytes?: number;
  /** Fills all of `into` from `offsetBytes`, or throws a `SourceError`. There is no short read. */
  readSync(into: Uint8Array, offsetBytes: number): void;
  /** The same without blocking. `into` belongs to the source until the promise settles. */
  read(into: Uint8Array, offsetBytes: number, signal?: AbortSignal): Promise<void>;
  /**
   * On a source made of others: the extents that back a range, in order, covering it exactly. `avoid` serves redundancy:
   * ranges of roots in which a read has failed, to be had from elsewhere where there is an elsewhere.
   */
  extents?(offsetBytes: number, lengthBytes: number, avoid?: readonly RootRange[]): Iterable<Extent>;
  /** On a root: how another thread can open the same bytes; absent where only this thread can read them. */
  readonly transfer?: RootTransfer;
  /** Releases what was opened for this source; closing twice does nothing. A source that is made of others leaves them open. */
  close(): void;
}

/** A stretch of a mapping. Unresolved it may point at any source; `resolve` brings it down to the roots. */
export type Extent =
  | { readonly kind: "data"; readonly lengthBytes: number; readonly source: BlockSource; readonly offsetBytes: number }
  /** Reads as zeros. `backing`: space that is allocated all the same: unwritten, or beyond the valid data length. */
  | { readonly kind: "hole"; readonly lengthBytes: number; readonly backing?: Place }
  | { readonly kind: "inline"; readonly lengthBytes: number; readonly bytes: Uint8Array }
  /** Bytes that must be computed: `parts` hold what `codec` turns into `unitBytes` bytes, of which these are wanted from `skipBytes` on. */
  | {
      readonly kind: "packed";
      readonly lengthBytes: number;
      readonly skipBytes: number;
      readonly unitBytes: number;
      readonly codec: CodecName;
      readonly parts: readonly Extent[];
    }
  /** Not to be had: an absent PV, beyond a truncated end, refused. */
  | { readonly kind: "missing"; readonly lengthBytes: number; readonly fault: Fault };

export interface Place {
  readonly source: BlockSource;
  readonly offsetBytes: number;
}

export interface RootRange {
  readonly source: BlockSource;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** What a worker thread needs to read a root: file descriptors are shared by all threads of a process. */
export type RootTransfer = {
  readonly label: string;
  readonly segments: readonly { readonly fd: number; readonly sizeBytes: number }[];
};
