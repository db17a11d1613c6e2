import { constants, crc32, deflateRaw } from "node:zlib";
import type { PieceFormat } from "./piece-stream.ts";

const PIECE_BYTES = 1024 * 1024;
/** As many as Node's own threads are, unless UV_THREADPOOL_SIZE says otherwise. */
const AT_ONCE = 4;
/** What deflate looks back upon at most. */
const WINDOW_BYTES = 32 * 1024;

/** RFC 1952, 2.3: magic, deflate, no flags, no time, so that the same content gives the same bytes; from Unix. */
const HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);
/** RFC 1951, 3.2.3: a last block of the fixed codes with nothing in it. */
export const EMPTY_LAST_BLOCK = Uint8Array.of(0x03, 0x00);

/**
 * One member of gzip, compressed in pieces by Node's threads: each looks back upon the one before it as if they were one, and
 * ends on a whole byte (as pigz has it).
 */
export function gzip(): PieceFormat {
  let checksum = 0;
  let sizeBytes = 0;
  return {
    pieceBytes: PIECE_BYTES,
    atOnce: AT_ONCE,
    head: HEAD,
    compress: (piece, before) => {
      checksum = crc32(piece, checksum);
      sizeBytes += piece.length;
      return deflatePiece(piece, before);
    },
    tail: () => {
      const tail = new Uint8Array(EMPTY_LAST_BLOCK.length + 8);
      tail.set(EMPTY_LAST_BLOCK);
      const numbers = new DataView(tail.buffer, EMPTY_LAST_BLOCK.length);
      numbers.setUint32(0, checksum, true);
      numbers.setUint32(4, sizeBytes % 2 ** 32, true);
      return tail;
    },
    close: async () => undefined,
  };
}

/** A piece of a deflate stream, by another thread: blocks that end on a whole byte, none of them marked as the last. */
export function deflatePiece(piece: Uint8Array, before: Uint8Array | undefined): Promise<Uint8Array> {
  const dictionary = before?.subarray(Math.max(0, before.length - WINDOW_BYTES));
  return new Promise((resolve, reject) => {
    deflateRaw(
      piece,
      { finishFlush: constants.Z_SYNC_FLUSH, ...(dictionary === undefined ? {} : { dictionary }) },
      (error, bytes) => (error === null ? resolve(bytes) : reject(error)),
    );
  });
}
