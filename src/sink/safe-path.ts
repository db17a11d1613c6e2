import { nameForDisplay } from "../bytes/names.ts";
import { NomountError } from "../error.ts";

const UNSAFE_NAME = /^\.{0,2}$|[/\0]/;
/** A component that is empty, "." or "..", or a zero byte anywhere. */
const UNSAFE_PATH = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/** Throws unless a path, relative to a destination, stays below it: the names of a guest are anybody's. */
export function checkPath(path: string): void {
  if (UNSAFE_PATH.test(path)) for (const name of path.split("/")) checkName(name);
}

/** Throws unless a name can be one component of a path. Names on NTFS, and on damaged filesystems, can be anything. */
export function checkName(name: string): void {
  if (UNSAFE_NAME.test(name))
    throw new NomountError("path", `the name "${nameForDisplay(name)}" ${whyUnsafe(name)}: not copied`);
}

function whyUnsafe(name: string): string {
  if (name === "") return "is empty";
  if (name === "." || name === "..") return "would leave its folder";
  return name.includes("/") ? 'holds a "/"' : "holds a zero byte";
}
