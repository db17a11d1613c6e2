import { nameToUtf16 } from "../../bytes/names.ts";
import type { DirectoryIndex } from "./directory-index.ts";
import type { IndexEntry } from "./index-node.ts";
import type { Upcase } from "./upcase.ts";

/**
 * The entry of a name: of names that differ only in case the one that is spelt so, or else the first. Only blocks that can
 * hold it are read, each once.
 */
export function findEntry(index: DirectoryIndex, name: string, upcase: Upcase): IndexEntry | undefined {
  const wanted = nameToUtf16(name);
  if (wanted === undefined) return undefined;
  const entered = new Set<number>();
  let found: IndexEntry | undefined;
  /** Whether the search is over. */
  const search = (entries: readonly IndexEntry[]): boolean => {
    for (const entry of entries) {
      const units = entry.name === undefined ? undefined : (nameToUtf16(entry.name) ?? "");
      const order = units === undefined ? 1 : upcase.compare(units, wanted);
      if (order < 0) continue;
      if (units === wanted) {
        found = entry;
        return true;
      }
      if (entry.child !== undefined && !entered.has(entry.child)) {
        entered.add(entry.child);
        if (search(index.block(entry.child))) return true;
      }
      if (order > 0) return true;
      found ??= entry;
    }
    return false;
  };
  search(index.root);
  return found;
}
