import type { FileSystem } from "../../src/filesystem/file-system.ts";
import type { Node } from "../../src/filesystem/node.ts";
import { walk } from "../../src/filesystem/walk.ts";
import { checkHelpful } from "./helpful.ts";
import type { Random } from "./random.ts";
import { tolerate, useSource } from "./use-source.ts";

/** More than any fixture holds: a mutant that shows more repeats itself. */
const ENTRIES_SEEN = 20_000;

/** What a copy of everything would do with a filesystem: each name, node, link, attribute, stream and content. */
export function useFileSystem(fileSystem: FileSystem, random: Random): void {
  let seen = 0;
  const root = fileSystem.node(fileSystem.root);
  for (const { name, parent, node } of walk(fileSystem, root, (_, error) => checkHelpful(error))) {
    if (++seen > ENTRIES_SEEN) return;
    if (parent !== undefined) {
      if (name === "" || name === "." || name === ".." || /[/\0]/.test(name))
        throw new Error(`an entry is called ${JSON.stringify(name)}`);
      if (seen % 8 === 0) tolerate(() => fileSystem.lookup(parent, name));
    }
    useNode(fileSystem, node, random);
  }
}

function useNode(fileSystem: FileSystem, node: Node, random: Random): void {
  const { id, kind, sizeBytes, mode } = node;
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new Error(`node ${id} has ${sizeBytes} bytes`);
  if (mode !== undefined && (mode & ~0o7777) !== 0) throw new Error(`node ${id} has mode ${mode}`);
  if (kind === "symlink") tolerate(() => fileSystem.linkTarget(id));
  tolerate(() => fileSystem.xattrs(id));
  const streams = tolerate(() => fileSystem.streams(id)) ?? [];
  for (const { name } of streams) tolerate(() => useSource(fileSystem.content(id, name), random));
  if (kind === "file") tolerate(() => useSource(fileSystem.content(id), random));
}
