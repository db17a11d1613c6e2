import { crc32 } from "node:zlib";
import { damageOf, faultOf } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { ExtentReader, Wanted } from "../../source/extent-reader.ts";
import { pump } from "../../source/pump.ts";
import { resolve } from "../../source/resolve.ts";
import type { BadRanges } from "../bad-ranges.ts";

export const PIECE_BYTES = 1024 * 1024;
/** A whole piece of a hole; known by its identity. */
export const ZERO_PIECE = new Uint8Array(PIECE_BYTES);

let zeroColumns: readonly number[] | undefined;

/** `crc32(ZERO_PIECE, checksum)` without looking at each zero: over zeros the sum is linear in the bits that it had. */
export function crcOverZeroPiece(checksum: number): number {
  zeroColumns ??= Array.from({ length: 32 }, (_, bit) => ~crc32(ZERO_PIECE, ~(1 << bit) >>> 0));
  let sum = 0;
  for (const [bit, column] of zeroColumns.entries()) if (((~checksum >>> bit) & 1) === 1) sum ^= column;
  return ~sum >>> 0;
}

/** All of a small content; what cannot be read is zeros, and told to `bad`. Throws when the source has died. */
export async function wholeOf(
  content: BlockSource,
  reader: ExtentReader,
  bad: BadRanges,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(content.sizeBytes);
  const places = new Map<Wanted, number>();
  let at = 0;
  try {
    for (const extent of resolve(content)) {
      const into = bytes.subarray(at, at + extent.lengthBytes);
      if (extent.kind !== "hole") places.set({ extent, into }, at);
      at += extent.lengthBytes;
    }
  } catch (error) {
    bad.add(at, bytes.length - at, faultOf(damageOf(error)));
  }
  for (const { wanted, skipBytes, lengthBytes, fault } of await reader.read([...places.keys()], signal))
    bad.add((places.get(wanted) ?? 0) + skipBytes, lengthBytes, fault);
  return bytes;
}

/**
 * A content from its beginning to its end in pieces of one size, the last one shorter; holes are zeros, and so is what cannot
 * be read, which is told to `bad`. Throws when the source has died.
 */
export async function* piecesOf(content: BlockSource, bad: BadRanges, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { sizeBytes } = content;
  const filling = new Filling(sizeBytes);
  try {
    for await (const chunk of pump(content, { windowBytes: PIECE_BYTES, signal })) {
      if ("fault" in chunk) {
        bad.add(chunk.offsetBytes, chunk.lengthBytes, chunk.fault);
        continue;
      }
      yield* filling.zerosTo(chunk.offsetBytes);
      yield* filling.bytes(chunk.bytes);
    }
  } catch (error) {
    signal.throwIfAborted();
    bad.add(filling.atBytes, sizeBytes - filling.atBytes, faultOf(damageOf(error)));
  }
  yield* filling.zerosTo(sizeBytes);
}

/** Cuts what comes into pieces. Each is new memory, since it is compressed while the next one is filled. */
class Filling {
  readonly #sizeBytes: number;
  /** Undefined at the beginning of a piece. */
  #piece: Uint8Array | undefined;
  #atBytes = 0;

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  get atBytes(): number {
    return this.#atBytes;
  }

  *bytes(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      this.#piece ??= new Uint8Array(Math.min(PIECE_BYTES, this.#sizeBytes - this.#atBytes));
      const used = this.#atBytes % PIECE_BYTES;
      const part = bytes.subarray(at, at + this.#piece.length - used);
      this.#piece.set(part, used);
      at += part.length;
      yield* this.#advance(part.length);
    }
  }

  *zerosTo(offsetBytes: number): Generator<Uint8Array> {
    while (this.#atBytes < offsetBytes) {
      const rest = offsetBytes - this.#atBytes;
      if (this.#piece === undefined && rest >= PIECE_BYTES) {
        this.#atBytes += PIECE_BYTES;
        yield ZERO_PIECE;
        continue;
      }
      this.#piece ??= new Uint8Array(Math.min(PIECE_BYTES, this.#sizeBytes - this.#atBytes));
      yield* this.#advance(Math.min(rest, this.#piece.length - (this.#atBytes % PIECE_BYTES)));
    }
  }

  *#advance(lengthBytes: number): Generator<Uint8Array> {
    this.#atBytes += lengthBytes;
    const piece = this.#piece;
    if (piece === undefined || (this.#atBytes % PIECE_BYTES !== 0 && this.#atBytes < this.#sizeBytes)) return;
    this.#piece = undefined;
    yield piece;
  }
}
