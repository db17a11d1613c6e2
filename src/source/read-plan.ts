import type { Fault } from "../error.ts";
import type { BlockSource } from "./block-source.ts";

/** Contiguous bytes of a root, and where they go. */
export interface Piece {
  readonly source: BlockSource;
  readonly offsetBytes: number;
  readonly into: Uint8Array;
  /** Takes a part that cannot be had. */
  readonly short: (skipBytes: number, lengthBytes: number, fault: Fault) => void;
}

/** Pieces that one read brings. */
export interface Run {
  readonly source: BlockSource;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly pieces: readonly Piece[];
  /** Where the read can go at once, when it is for one piece. */
  readonly direct: Uint8Array | undefined;
}

/** Pieces of this size and more are read on their own, straight to their place: a copy would cost more than the call. */
const LARGE_PIECE_BYTES = 64 * 1024;
/** Reading so much in vain costs no more than another call. */
const MAX_GAP_BYTES = 16 * 1024;
const MAX_RUN_BYTES = 512 * 1024;

/** The reads that bring all pieces, in the order in which they lie in the roots. */
export function* planRuns(pieces: readonly Piece[]): Generator<Run> {
  const sorted = inPhysicalOrder(pieces);
  for (let i = 0; i < sorted.length; ) {
    const first = sorted[i];
    if (first === undefined) return;
    const start = first.offsetBytes;
    let end = start + first.into.length;
    let next = i + 1;
    for (; first.into.length < LARGE_PIECE_BYTES; next++) {
      const piece = sorted[next];
      if (piece === undefined || piece.source !== first.source || piece.into.length >= LARGE_PIECE_BYTES) break;
      const pieceEnd = piece.offsetBytes + piece.into.length;
      if (piece.offsetBytes - end > MAX_GAP_BYTES || pieceEnd - start > MAX_RUN_BYTES) break;
      end = Math.max(end, pieceEnd);
    }
    const direct = next === i + 1 ? first.into : undefined;
    yield {
      source: first.source,
      offsetBytes: start,
      lengthBytes: end - start,
      pieces: direct === undefined ? sorted.slice(i, next) : [first],
      direct,
    };
    i = next;
  }
}

function inPhysicalOrder(pieces: readonly Piece[]): readonly Piece[] {
  const roots = new Map<BlockSource, number>();
  for (const { source } of pieces) if (!roots.has(source)) roots.set(source, roots.size);
  const compare =
    roots.size <= 1
      ? (a: Piece, b: Piece) => a.offsetBytes - b.offsetBytes
      : (a: Piece, b: Piece) => (roots.get(a.source) ?? 0) - (roots.get(b.source) ?? 0) || a.offsetBytes - b.offsetBytes;
  const sorted = pieces.every((piece, i) => i === 0 || compare(pieces[i - 1] ?? piece, piece) <= 0);
  return sorted ? pieces : pieces.toSorted(compare);
}
