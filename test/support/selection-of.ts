import type { Selection } from "../../src/extract/selection.ts";
import type { FileSystem } from "../../src/filesystem/file-system.ts";
import { resolvePath } from "../../src/filesystem/path.ts";

/** What `Image.locate` would give for a path of a filesystem; "/" is its root. */
export function selectionOf(fileSystem: FileSystem, path = "/"): Selection {
  return { fileSystem, ...resolvePath(fileSystem, path) };
}
