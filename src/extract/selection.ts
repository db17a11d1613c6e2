import { nameForDisplay } from "../bytes/names.ts";
import { NomountError } from "../error.ts";
import type { FileSystem } from "../filesystem/file-system.ts";
import type { Node } from "../filesystem/node.ts";

/** A file or tree to be copied: what `Image.locate` gives is one. */
export interface Selection {
  readonly fileSystem: FileSystem;
  /** From the root of the filesystem, with "/" at the front. */
  readonly path: string;
  readonly node: Node;
  /** A named stream that is wanted instead of the main content. */
  readonly stream?: string | undefined;
}

/** A selection with its name under the destination; "" is the destination itself, into which a root's content goes. */
export interface NamedSelection extends Selection {
  readonly name: string;
}

/** Gives each selection its own name. Throws `usage` when two would have the same place. */
export function nameSelections(selections: readonly Selection[]): readonly NamedSelection[] {
  const taken = new Map<string, Selection>();
  return selections.map((selection) => {
    const name = nameOf(selection);
    const other = taken.get(name);
    if (other !== undefined) throw clash(other, selection, `both would be "${nameForDisplay(name)}" in the destination`);
    if (selections.length > 1 && name === "")
      throw clash(selection, selections.find((one) => one !== selection) ?? selection, "a root fills the destination alone");
    taken.set(name, selection);
    return { ...selection, name };
  });
}

function nameOf({ path, stream }: Selection): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return stream === undefined ? name : `${name}:${stream}`;
}

function clash(a: Selection, b: Selection, why: string): NomountError {
  const paths = `${nameForDisplay(a.path)} and ${nameForDisplay(b.path)}`;
  return new NomountError("usage", `${paths} cannot be copied together, ${why}: copy them one at a time`);
}
