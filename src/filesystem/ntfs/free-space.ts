import type { BlockSource } from "../../source/block-source.ts";

const PIECE_BYTES = 256 * 1024;

/** How many of the first `clusterCount` bits of $Bitmap are clear. */
export function countFreeClusters(bitmap: BlockSource, clusterCount: number): number {
  const wholeBytes = Math.min(bitmap.sizeBytes, Math.ceil(clusterCount / 8));
  const piece = new Uint8Array(Math.min(PIECE_BYTES, wholeBytes));
  let used = 0;
  for (let at = 0; at < wholeBytes; at += piece.length) {
    const bytes = piece.subarray(0, Math.min(piece.length, wholeBytes - at));
    bitmap.readSync(bytes, at);
    if (at + bytes.length === wholeBytes && clusterCount % 8 !== 0 && wholeBytes * 8 > clusterCount) {
      const last = bytes.length - 1;
      bytes[last] = (bytes[last] ?? 0) & ((1 << (clusterCount % 8)) - 1);
    }
    for (const byte of bytes) used += BITS[byte] ?? 0;
  }
  return Math.min(clusterCount, wholeBytes * 8) - used;
}

const BITS = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);
