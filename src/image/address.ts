import { nameFromDisplay } from "../bytes/names.ts";

/**
 * How a file in an image is named:
 *
 *     address = [ volume ] [ ":" path [ "!" address ] ]  |  path that begins with "/"
 *     volume  = names joined by "/" from the outermost in: "p1", "p2/vg_guest/root"; or its last names, where no other ends so
 *             | [ volume "/" ] "@" bytes [ "/" volume ]  |  the same with sectors: "@63s"
 *
 * Without a volume the only filesystem of the image is meant. `!` goes into a disk image that is a file. Where streams are
 * asked for, `path:name` is one.
 *
 * In a path `:` and `!` are part of a name wherever a file of that whole name exists: so no name needs quoting. Where none
 * exists, escapes as `nameForDisplay` writes them are undone (`\\`, `\n`, `\xff`, also `\:` and `\!`), and a `!` or `:` that
 * no backslash precedes divides.
 */
export function splitVolume(address: string): { readonly volume: string; readonly path: string | undefined } {
  if (address.startsWith("/")) return { volume: "", path: address };
  const colon = address.indexOf(":");
  return colon < 0 ? { volume: address, path: undefined } : { volume: address.slice(0, colon), path: address.slice(colon + 1) };
}

/** The ways to read a path: as it stands, and with its escapes undone. */
export function readings(path: string): readonly string[] {
  const unescaped = nameFromDisplay(path);
  return unescaped === path ? [path] : [path, unescaped];
}

/** Every way to divide a path at an unescaped mark, the shortest left part first. */
export function* divisions(path: string, mark: "!" | ":"): Generator<{ readonly left: string; readonly right: string }> {
  for (let at = path.indexOf(mark); at >= 0; at = path.indexOf(mark, at + 1)) {
    if (!isEscaped(path, at)) yield { left: path.slice(0, at), right: path.slice(at + 1) };
  }
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes += 1;
  return backslashes % 2 === 1;
}

/** "p1/@63s/p2": a place by its offset in the volume before it, and a volume inside it. Undefined for other addresses. */
export function splitOffset(volume: string) {
  const parts = /^(?:(.*)\/)?@(\d+)(s?)(?:\/(.*))?$/.exec(volume);
  if (parts === null) return undefined;
  const [, before = "", digits = "", unit, inside = ""] = parts;
  return { before, count: Number(digits), inSectors: unit === "s", inside };
}

/** The address of a path on a place. */
export function fileAddress(placeAddress: string, path: string): string {
  return placeAddress === "" || placeAddress.endsWith("!") ? placeAddress + path : `${placeAddress}:${path}`;
}
