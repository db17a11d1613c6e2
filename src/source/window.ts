import type { Fault } from "../error.ts";
import type { Extent } from "./block-source.ts";
import type { Shortfall, Wanted } from "./extent-reader.ts";
import { sliceExtent } from "./mapped.ts";

/** A stretch of content at its place, or one that cannot be had and why. */
export type Chunk =
  | { readonly offsetBytes: number; readonly bytes: Uint8Array }
  | { readonly offsetBytes: number; readonly lengthBytes: number; readonly fault: Fault };

/** An extent at its place in the content. */
export interface Placed {
  readonly offsetBytes: number;
  readonly extent: Extent;
}

/** Part of the content with room for its bytes: those of its pieces lie one after the other in the buffer, holes left out. */
export interface Window {
  readonly buffer: Uint8Array;
  readonly pieces: readonly { readonly offsetBytes: number; readonly wanted: Wanted }[];
}

/** A window of many small pieces ends here, so that a file of a million extents is not planned at once. */
const MAX_WINDOW_PIECES = 4096;

/** The extents of a content that begins at `startBytes`, cut into parts of at most `windowBytes` stored bytes. */
export function* windows(extents: Iterable<Extent>, startBytes: number, windowBytes: number): Generator<readonly Placed[]> {
  let part: Placed[] = [];
  let room = windowBytes;
  let at = startBytes;
  for (const extent of extents) {
    for (let skip = 0; skip < extent.lengthBytes; ) {
      const rest = extent.lengthBytes - skip;
      const stored = takesRoom(extent);
      // A packed unit that is cut is decoded twice.
      const waits = extent.kind === "packed" && rest > room && rest <= windowBytes;
      if (stored && (room === 0 || waits || part.length >= MAX_WINDOW_PIECES)) {
        yield part;
        part = [];
        room = windowBytes;
      }
      const lengthBytes = stored ? Math.min(rest, room) : rest;
      if (extent.kind !== "hole") part.push({ offsetBytes: at, extent: sliceExtent(extent, skip, lengthBytes) });
      if (stored) room -= lengthBytes;
      skip += lengthBytes;
      at += lengthBytes;
    }
  }
  if (part.length > 0) yield part;
}

/** Whether the bytes of an extent are stored or computed, and not only said to be zeros or lost. */
export function takesRoom(extent: Extent): boolean {
  return extent.kind !== "hole" && extent.kind !== "missing";
}

/** Gives each piece its room in a buffer that is large enough. */
export function layOut(part: readonly Placed[], buffer: Uint8Array): Window {
  let used = 0;
  const pieces = part.map(({ offsetBytes, extent }) => {
    const start = used;
    if (takesRoom(extent)) used += extent.lengthBytes;
    return { offsetBytes, wanted: { extent, into: buffer.subarray(start, used) } };
  });
  return { buffer, pieces };
}

/** What a window holds after it has been read, neighbours in one chunk, what could not be read with its fault. */
export function chunksOf({ buffer, pieces }: Window, shortfalls: readonly Shortfall[]): readonly Chunk[] {
  const chunks: Chunk[] = [];
  const first = pieces[0];
  if (first === undefined) return chunks;
  // A stretch of readable bytes so far: where it is in the content, and in the buffer.
  let offsetBytes = first.offsetBytes;
  let start = 0;
  let end = 0;
  const close = (): void => {
    if (end > start) chunks.push({ offsetBytes, bytes: buffer.subarray(start, end) });
    start = end;
  };
  for (const piece of pieces) {
    if (piece.offsetBytes !== offsetBytes + end - start) {
      close();
      offsetBytes = piece.offsetBytes;
    }
    const bad = shortfalls.length === 0 ? NONE : badPartsOf(piece.wanted, shortfalls);
    const pieceStart = end;
    for (const { skipBytes, lengthBytes, fault } of bad) {
      end = pieceStart + skipBytes;
      close();
      chunks.push({ offsetBytes: piece.offsetBytes + skipBytes, lengthBytes, fault });
      offsetBytes = piece.offsetBytes + skipBytes + lengthBytes;
      // What is missing from the beginning has no room in the buffer.
      end += Math.min(lengthBytes, piece.wanted.into.length);
      start = end;
    }
    end = pieceStart + piece.wanted.into.length;
  }
  close();
  return chunks;
}

const NONE: readonly Shortfall[] = [];

function badPartsOf(wanted: Wanted, shortfalls: readonly Shortfall[]): readonly Shortfall[] {
  return shortfalls.filter((short) => short.wanted === wanted).toSorted((a, b) => a.skipBytes - b.skipBytes);
}
