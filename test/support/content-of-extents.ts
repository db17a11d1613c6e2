import type { Extent } from "../../src/source/block-source.ts";
import { MappedSource } from "../../src/source/mapped.ts";
import { clip } from "../../src/source/resolve.ts";

/** A content made of these extents, as a file of a filesystem is. */
export function contentOf(extents: readonly Extent[], label = "content"): MappedSource {
  const sizeBytes = extents.reduce((sum, extent) => sum + extent.lengthBytes, 0);
  return new MappedSource(label, sizeBytes, (offsetBytes, lengthBytes) => clip(extents, 0, offsetBytes, lengthBytes));
}
