import { nameForDisplay } from "../bytes/names.ts";
import { NomountError } from "../error.ts";
import type { FileSystem } from "./file-system.ts";
import type { Node } from "./node.ts";

/** As Linux has it (path_resolution(7)): more links than this in one path are taken for a ring. */
const MAX_LINKS = 40;

export interface PathOptions {
  /** Follow symbolic links inside the path, within the filesystem's root as chroot does. Default false. */
  readonly followMiddle?: boolean | undefined;
  /** Follow the last component too; a slash at the end of the path asks for the same. Default false. */
  readonly followFinal?: boolean | undefined;
}

export interface Resolved {
  /** "/" at the front, "." and ".." and followed links resolved, names as the filesystem spells them. */
  readonly path: string;
  readonly node: Node;
}

/**
 * The node at a path, component by component, from the root of the filesystem; ".." at the root stays there. Throws `path`
 * naming the first component that is missing or no directory.
 */
export function resolvePath(fileSystem: FileSystem, path: string, options: PathOptions = {}): Resolved {
  const mustBeDirectory = path.endsWith("/");
  const followFinal = options.followFinal === true || mustBeDirectory;
  const pending = components(path).reverse();
  const trail: Resolved[] = [];
  let here: Resolved = { path: "/", node: fileSystem.node(fileSystem.root) };
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (here.node.kind !== "directory") throw notDirectory(here, path);
    if (name === "..") {
      here = trail.pop() ?? here;
      continue;
    }
    const entry = fileSystem.lookup(here.node.id, name);
    if (entry === undefined)
      throw new NomountError("path", `${shown(join(here.path, name))} does not exist${onTheWay(here, name, path)}`);
    const next = { path: join(here.path, entry.name), node: fileSystem.node(entry.id) };
    const follows = pending.length === 0 ? followFinal : options.followMiddle === true;
    if (next.node.kind !== "symlink" || !follows) {
      trail.push(here);
      here = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS)
      throw new NomountError("path", `${shown(path)}: more than ${MAX_LINKS} symbolic links, the last at ${shown(next.path)}`);
    const target = linkTarget(fileSystem, next);
    if (target.startsWith("/")) {
      trail.length = 0;
      here = { path: "/", node: fileSystem.node(fileSystem.root) };
    }
    pending.push(...components(target).reverse());
  }
  if (mustBeDirectory && here.node.kind !== "directory") throw notDirectory(here, path);
  return here;
}

/** A path of a folder and a name in it; the root is "/", where a walk begins is "". */
export function join(folder: string, name: string): string {
  return folder === "" || folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

function components(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** The target with slashes. Of a link that names a drive nobody can tell here which volume is meant. */
function linkTarget(fileSystem: FileSystem, link: Resolved): string {
  const target = fileSystem.linkTarget(link.node.id);
  if (fileSystem.type !== "ntfs") return target;
  if (/^([A-Za-z]:|\\\\|\\\?\?\\)/.test(target)) {
    throw new NomountError(
      "path",
      `${shown(link.path)} leads to ${shown(target)}, which may be on another volume: name that path itself`,
    );
  }
  return target.replaceAll("\\", "/");
}

function notDirectory(found: Resolved, path: string): NomountError {
  const what =
    found.node.kind === "symlink" ? "a symbolic link, which is not followed here" : `no directory but a ${found.node.kind}`;
  const way = found.path === path || `${found.path}/` === path ? "" : ` (in ${shown(path)})`;
  return new NomountError("path", `${shown(found.path)} is ${what}${way}`);
}

function onTheWay(folder: Resolved, name: string, path: string): string {
  const missing = join(folder.path, name);
  return missing === path || missing === `/${path}` ? "" : ` (in ${shown(path)})`;
}

const shown = nameForDisplay;
