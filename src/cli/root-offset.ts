import type { BlockSource } from "../source/block-source.ts";
import { resolve } from "../source/resolve.ts";

/** Where on the device or image a source lies, when it lies there in one piece; undefined when it is scattered. */
export function rootOffsetOf(source: BlockSource): number | undefined {
  for (const extent of resolve(source)) {
    if (extent.kind === "data" && extent.lengthBytes === source.sizeBytes) return extent.offsetBytes;
    break;
  }
  return undefined;
}
