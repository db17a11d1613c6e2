import { damageOf, NomountError } from "../../error.ts";
import { BITMAP_BITS_AT, BITMAP_MAGIC, bitmapHeader } from "./layout.ts";
import type { Member } from "./member.ts";

const SECTOR_BYTES = 512;
/** The kernel's are below 2^20 (a bit for 64 MiB or more on large devices): this covers 8 TiB in chunks of 64 KiB. */
const MAX_BITMAP_BYTES = 16 * 2 ** 20;

/** Whether a range of each device was being written when an array was last seen. */
export type InFlight = (offsetBytes: number, lengthBytes: number) => boolean;

/** The write-intent bitmap of an array by the copy on one of its members; undefined where it has none that counts. */
export function readBitmap({ source, bitmapAtBytes, arrayUuid, events, deviceBytes }: Member): InFlight | undefined {
  if (bitmapAtBytes === undefined || bitmapAtBytes < 0) return undefined;
  try {
    const head = new Uint8Array(bitmapHeader.sizeBytes);
    source.readSync(head, bitmapAtBytes);
    const bitmap = bitmapHeader.view(head);
    const { chunkBytes } = bitmap;
    if (bitmap.magic !== BITMAP_MAGIC || chunkBytes < SECTOR_BYTES || bitmap.events < events) return undefined;
    const sizeBytes = Math.ceil(Math.ceil(deviceBytes / chunkBytes) / 8);
    if (sizeBytes > MAX_BITMAP_BYTES) throw new NomountError("unsupported", `md: ${arrayUuid}: a bitmap of ${sizeBytes} bytes`);
    const bits = new Uint8Array(sizeBytes);
    source.readSync(bits, bitmapAtBytes + BITMAP_BITS_AT);
    return (offsetBytes, lengthBytes) => {
      const last = Math.floor((offsetBytes + lengthBytes - 1) / chunkBytes);
      for (let bit = Math.floor(offsetBytes / chunkBytes); bit <= last; bit++) {
        if ((((bits[bit >>> 3] ?? 0xff) >> (bit & 7)) & 1) === 1) return true;
      }
      return false;
    };
  } catch (error) {
    damageOf(error);
    return undefined;
  }
}
