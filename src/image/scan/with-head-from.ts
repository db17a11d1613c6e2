import type { BlockSource } from "../../source/block-source.ts";
import { MappedSource } from "../../source/mapped.ts";
import { clip } from "../../source/resolve.ts";

/** What begins at `startBytes`, as if its lost head had been put back from the copy at `copyBytes`. */
export function withHeadFrom(source: BlockSource, startBytes: number, copyBytes: number, headBytes: number): BlockSource {
  const sizeBytes = source.sizeBytes - startBytes;
  const extents = [
    { kind: "data", lengthBytes: headBytes, source, offsetBytes: copyBytes },
    { kind: "data", lengthBytes: sizeBytes - headBytes, source, offsetBytes: startBytes + headBytes },
  ] as const;
  return new MappedSource(source.label, sizeBytes, (offsetBytes, lengthBytes) => clip(extents, 0, offsetBytes, lengthBytes));
}
