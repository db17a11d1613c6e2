import { nameForDisplay } from "../bytes/names.ts";
import { NomountError } from "../error.ts";
import type { FileSystem } from "../filesystem/file-system.ts";
import type { Node } from "../filesystem/node.ts";
import { type PathOptions, type Resolved, resolvePath } from "../filesystem/path.ts";
import { divisions, readings } from "./address.ts";

/** What a path of an address names, as it stands or with its escapes undone; or why there is nothing, as a `path` error. */
export function findPath(fileSystem: FileSystem, path: string, options: PathOptions): Resolved | NomountError {
  let missing: NomountError | undefined;
  for (const reading of readings(path)) {
    try {
      return resolvePath(fileSystem, reading, options);
    } catch (error) {
      if (!(error instanceof NomountError) || error.kind !== "path") throw error;
      missing ??= error;
    }
  }
  return missing ?? new NomountError("path", `${nameForDisplay(path)} does not exist`);
}

/** A file and a stream of it, "path:stream"; undefined where there is no such file. Throws `path` naming the streams there are. */
export function findStream(
  fileSystem: FileSystem,
  path: string,
  options: PathOptions,
): (Resolved & { readonly stream: string }) | undefined {
  for (const { left, right } of [...divisions(path, ":")].reverse()) {
    const file = findPath(fileSystem, left, options);
    if (!(file instanceof NomountError)) return { ...file, stream: streamOf(fileSystem, file.node, right, file.path) };
  }
  return undefined;
}

function streamOf(fileSystem: FileSystem, node: Node, wanted: string, path: string): string {
  const names = fileSystem.streams(node.id).map(({ name }) => name);
  const fold = (name: string): string => (fileSystem.foldsCase ? name.toLowerCase() : name);
  for (const reading of readings(wanted)) {
    const found = names.find((name) => name === reading) ?? names.find((name) => fold(name) === fold(reading));
    if (found !== undefined) return found;
  }
  const has = names.length === 0 ? "it has none" : `it has ${names.map(nameForDisplay).join(", ")}`;
  throw new NomountError("path", `${nameForDisplay(path)} has no stream ${nameForDisplay(wanted)}: ${has}`);
}
