import { nameToBytes } from "../../bytes/names.ts";

/** What some server or system somewhere has no place for in a name, and the sign of the encoding itself. */
const UNPORTABLE = /[%\p{Cc}"*:<>?\\|\p{Cs}]|[. ]$/gu;

/**
 * A name as one that every server can hold: what it may not have as `%` and two hex digits for each byte, as in URLs; decoding
 * the percent signs gives back the very bytes.
 */
export function portableName(name: string): string {
  return name.replace(UNPORTABLE, (character) =>
    Array.from(nameToBytes(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** The same for each name of a path. */
export function portablePath(path: string): string {
  return path.split("/").map(portableName).join("/");
}
