import { faultOf, type NomountError, SourceError } from "../error.ts";
import type { BlockSource } from "./block-source.ts";
import type { Piece } from "./read-plan.ts";

interface Read {
  readonly source: BlockSource;
  readonly offsetBytes: number;
  readonly into: Uint8Array;
}

const SECTOR_BYTES = 512;

/**
 * What to read of a piece after a read of it has failed, so that only the bad sectors are lost: around the bad place where
 * the error names it, by halves down to the sector where it does not. Whoever drives it answers each read with its error.
 */
export function* rescue(piece: Piece): Generator<Read, void, NomountError | undefined> {
  const { source, short } = piece;
  /** Ranges of the piece still to be had, the nearest last. */
  const pending = [{ start: 0, end: piece.into.length }];
  for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
    const { start, end } = range;
    const error = yield { source, offsetBytes: piece.offsetBytes + start, into: piece.into.subarray(start, end) };
    if (error === undefined) continue;
    const bad = badPart(error, piece, start, end);
    if (bad !== undefined) {
      short(bad.start, bad.end - bad.start, faultOf(error));
      if (bad.end < end) pending.push({ start: bad.end, end });
      if (start < bad.start) pending.push({ start, end: bad.start });
      continue;
    }
    const middle = middleOf(piece.offsetBytes, start, end);
    pending.push({ start: middle, end }, { start, end: middle });
  }
}

/** The part of `[start, end)` that the error says is bad, or that is too small to be divided. */
function badPart(
  error: NomountError,
  piece: Piece,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } | undefined {
  const first = piece.offsetBytes + start;
  const sameSector = Math.floor(first / SECTOR_BYTES) === Math.floor((piece.offsetBytes + end - 1) / SECTOR_BYTES);
  if (sameSector) return { start, end };
  if (!(error instanceof SourceError) || error.where?.label !== piece.source.label) return undefined;
  const badStart = Math.max(start, error.offsetBytes - piece.offsetBytes);
  const badEnd = Math.min(end, error.offsetBytes + error.lengthBytes - piece.offsetBytes);
  const narrows = badStart < badEnd && (badStart > start || badEnd < end);
  return narrows ? { start: badStart, end: badEnd } : undefined;
}

function middleOf(pieceOffsetBytes: number, start: number, end: number): number {
  const middle = pieceOffsetBytes + Math.floor((start + end) / 2);
  const aligned = Math.floor(middle / SECTOR_BYTES) * SECTOR_BYTES - pieceOffsetBytes;
  return aligned > start ? aligned : aligned + SECTOR_BYTES;
}
