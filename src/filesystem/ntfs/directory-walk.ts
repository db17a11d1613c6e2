import { damageOf, NomountError } from "../../error.ts";
import type { Damaged } from "../file-system.ts";
import type { DirectoryIndex } from "./directory-index.ts";
import type { IndexEntry } from "./index-node.ts";

/**
 * Every entry of a directory in the order of its names. Each block is entered once, so that a ring ends; a torn one is told,
 * and what hung below it is found by the blocks that the directory's bitmap names.
 */
export function* allEntries(index: DirectoryIndex, damaged: Damaged): Generator<IndexEntry> {
  const entered = new Set<number>();
  let torn = false;
  const enter = (vcn: number): readonly IndexEntry[] => {
    try {
      if (entered.has(vcn)) throw new NomountError("corrupt", `ntfs: INDX block ${vcn} hangs in its directory's index twice`);
      entered.add(vcn);
      return index.block(vcn);
    } catch (error) {
      torn = true;
      damaged(damageOf(error));
      return [];
    }
  };
  yield* inOrder(index.root, enter);
  if (!torn) return;
  try {
    for (const vcn of index.usedBlocks()) {
      if (entered.has(vcn)) continue;
      for (const entry of enter(vcn)) if (entry.name !== undefined) yield entry;
    }
  } catch (error) {
    damaged(damageOf(error));
  }
}

function* inOrder(root: readonly IndexEntry[], enter: (vcn: number) => readonly IndexEntry[]): Generator<IndexEntry> {
  const path: { entries: readonly IndexEntry[]; next: number; entered: boolean }[] = [
    { entries: root, next: 0, entered: false },
  ];
  for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
    const entry = node.entries[node.next];
    if (entry === undefined) {
      path.pop();
    } else if (entry.child !== undefined && !node.entered) {
      node.entered = true;
      path.push({ entries: enter(entry.child), next: 0, entered: false });
    } else {
      node.next += 1;
      node.entered = false;
      if (entry.name !== undefined) yield entry;
    }
  }
}
