import { damageOf, NomountError } from "../error.ts";
import type { FileSystem } from "./file-system.ts";
import type { DirectoryEntry, Node, NodeId } from "./node.ts";
import { join } from "./path.ts";

/**
 * The longest path that any system names (Windows; Linux takes 4,096 bytes). Each open directory holds its own, so without a
 * bound a made-up tree of a hundred thousand levels would take all memory.
 */
const MAX_PATH_LENGTH = 32_767;

export interface WalkEntry {
  /** From where the walk began: "" for the start itself, then names joined by "/". */
  readonly path: string;
  /** In the form of `bytes/names.ts`; "" for the start. */
  readonly name: string;
  /** The directory that holds the name; undefined for the start. */
  readonly parent: NodeId | undefined;
  readonly node: Node;
}

export interface WalkOptions {
  /** Whether to go into this directory. Default: into all. */
  readonly enter?: ((entry: WalkEntry) => boolean) | undefined;
}

/**
 * A tree depth first, each directory before what it holds, in on-disk order. Damage goes to the callback with the path it
 * concerns, and the rest still comes. A directory met a second time is damage and is not entered, so that a ring ends. Only
 * the end of the source itself is thrown.
 */
export function* walk(
  fileSystem: FileSystem,
  start: Node,
  damaged: (path: string, error: NomountError) => void,
  options: WalkOptions = {},
): Generator<WalkEntry> {
  const entered = new Set<NodeId>();
  const open: { readonly path: string; readonly id: NodeId; readonly entries: Iterator<DirectoryEntry> }[] = [];
  const enter = (entry: WalkEntry): void => {
    if (entry.node.kind !== "directory" || options.enter?.(entry) === false) return;
    const { path, node } = entry;
    if (entered.has(node.id)) {
      damaged(
        path,
        new NomountError("corrupt", `directory ${node.id} has a second name; its content is listed under the first`),
      );
      return;
    }
    if (path.length > MAX_PATH_LENGTH) {
      damaged(
        path,
        new NomountError("unsupported", `its path is longer than ${MAX_PATH_LENGTH} characters; what lies below is left out`),
      );
      return;
    }
    entered.add(node.id);
    const entries = fileSystem.list(node.id, (error) => damaged(path, error))[Symbol.iterator]();
    open.push({ path, id: node.id, entries });
  };

  const first: WalkEntry = { path: "", name: "", parent: undefined, node: start };
  yield first;
  enter(first);
  try {
    for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
      const found = nextEntry(folder.entries, folder.path, damaged);
      if (found === undefined) {
        open.pop();
        continue;
      }
      const path = join(folder.path, found.name);
      const node = nodeOf(fileSystem, found.id, path, damaged);
      if (node === undefined) continue;
      const entry: WalkEntry = { path, name: found.name, parent: folder.id, node };
      yield entry;
      enter(entry);
    }
  } finally {
    for (const folder of open) folder.entries.return?.();
  }
}

function nextEntry(
  entries: Iterator<DirectoryEntry>,
  path: string,
  damaged: (path: string, error: NomountError) => void,
): DirectoryEntry | undefined {
  try {
    const next = entries.next();
    return next.done === true ? undefined : next.value;
  } catch (error) {
    damaged(path, damageOf(error));
    return undefined;
  }
}

function nodeOf(
  fileSystem: FileSystem,
  id: NodeId,
  path: string,
  damaged: (path: string, error: NomountError) => void,
): Node | undefined {
  try {
    return fileSystem.node(id);
  } catch (error) {
    damaged(path, damageOf(error));
    return undefined;
  }
}
