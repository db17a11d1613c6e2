import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BlockSource } from "../../src/source/block-source.ts";
import { CachedSource } from "../../src/source/cached.ts";
import { FileSource } from "../../src/source/file/file-source.ts";
import { MappedSource } from "../../src/source/mapped.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { clip } from "../../src/source/resolve.ts";
import { SliceSource } from "../../src/source/slice.ts";

/** Opens the same bytes as one kind of source. The folder is for what needs files. */
export interface SourceKind {
  readonly name: string;
  open(bytes: Uint8Array, folder: string): BlockSource;
}

/** Before and behind what is shown of another source, so that a read that leaves its range shows. */
function padded(bytes: Uint8Array, before: number, behind: number): Uint8Array {
  const all = new Uint8Array(before + bytes.length + behind).fill(0xee);
  all.set(bytes, before);
  return all;
}

let fileNumber = 0;

function fileOf(bytes: Uint8Array, folder: string): { fd: number; sizeBytes: number } {
  const path = join(folder, `part-${fileNumber++}`);
  writeFileSync(path, bytes);
  return { fd: openSync(path, "r"), sizeBytes: bytes.length };
}

/** Every way in which bytes can be a source. */
export const sourceKinds: readonly SourceKind[] = [
  { name: "memory", open: (bytes) => new MemorySource(bytes) },
  { name: "file", open: (bytes, folder) => new FileSource("file", [fileOf(bytes, folder)]) },
  {
    name: "split file",
    open(bytes, folder) {
      const third = Math.floor(bytes.length / 3);
      const parts = [bytes.subarray(0, third), bytes.subarray(third, third + 1), bytes.subarray(third + 1)];
      return new FileSource(
        "split",
        parts.map((part) => fileOf(part, folder)),
      );
    },
  },
  { name: "slice", open: (bytes) => new SliceSource(new MemorySource(padded(bytes, 513, 77)), 513, bytes.length, "slice") },
  { name: "one-page cache", open: (bytes) => new CachedSource(new MemorySource(bytes), { maxPages: 1 }) },
  { name: "cache of odd pages", open: (bytes) => new CachedSource(new MemorySource(bytes), { pageBytes: 100, maxPages: 3 }) },
  {
    name: "mapped at odd offsets",
    open(bytes) {
      const half = Math.floor(bytes.length / 2);
      const [first, second] = [
        new MemorySource(padded(bytes.subarray(0, half), 7, 3)),
        new MemorySource(padded(bytes.subarray(half), 1, 9)),
      ];
      const extents = [
        { kind: "data", lengthBytes: half, source: first, offsetBytes: 7 },
        { kind: "data", lengthBytes: bytes.length - half, source: second, offsetBytes: 1 },
      ] as const;
      return new MappedSource("mapped", bytes.length, (offsetBytes, lengthBytes) => clip(extents, 0, offsetBytes, lengthBytes));
    },
  },
  {
    name: "cached slice of a file",
    open(bytes, folder) {
      const file = new FileSource("file", [fileOf(padded(bytes, 1000, 1), folder)]);
      const cached = new CachedSource(new SliceSource(file, 1000, bytes.length, "slice"));
      return Object.assign(cached, { close: () => file.close() });
    },
  },
];
