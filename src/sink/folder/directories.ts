import { lstatSync, mkdirSync } from "node:fs";
import { nameForDisplay, nameToBytes } from "../../bytes/names.ts";
import { NomountError } from "../../error.ts";
import { systemCode } from "../failure.ts";

/** What `make` found. */
export type Made = "new" | "was there" | "made in this run";

/**
 * The folders below the destination, of which each is known to be a real one, no link, before anything is put into it. Since
 * an entry never replaces a directory, one that has been seen stays what it is.
 */
export class Directories {
  readonly #prefix: Buffer;
  readonly #startedNs: bigint;
  /** The last one that was seen; so are all those above it. */
  #known = "";

  constructor(prefix: Buffer, startedNs: bigint) {
    this.#prefix = prefix;
    this.#startedNs = startedNs;
  }

  /** Makes a directory for its owner alone, until it is complete. Throws when something else has its name. */
  make(path: string): Made {
    this.checkParent(path);
    const absolute = this.absolute(path);
    try {
      mkdirSync(absolute, 0o700);
      this.#known = path;
      return "new";
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
    const found = lstatSync(absolute, { bigint: true });
    if (!found.isDirectory()) throw new NomountError("sink", `${nameForDisplay(path)} is there already, and is no directory`);
    this.#known = path;
    return found.ctimeNs >= this.#startedNs ? "made in this run" : "was there";
  }

  /** Throws unless the way to a path leads through real directories only. */
  checkParent(path: string): void {
    const slash = path.lastIndexOf("/");
    if (slash < 0) return;
    const parent = path.slice(0, slash);
    if (isAtOrAbove(parent, this.#known)) return;
    for (let end = 0; end < parent.length; ) {
      const next = parent.indexOf("/", end + 1);
      end = next < 0 ? parent.length : next;
      const folder = parent.slice(0, end);
      if (!isAtOrAbove(folder, this.#known)) this.#check(folder);
    }
    this.#known = parent;
  }

  absolute(path: string): Buffer {
    return Buffer.concat([this.#prefix, nameToBytes(path)]);
  }

  #check(folder: string): void {
    const found = lstatSync(this.absolute(folder));
    if (found.isDirectory()) return;
    const what = found.isSymbolicLink() ? "a symbolic link, which is not followed" : "no directory";
    throw new NomountError("sink", `${nameForDisplay(folder)} in the destination is ${what}`);
  }
}

function isAtOrAbove(folder: string, known: string): boolean {
  return known === folder || (known.startsWith(folder) && known.charCodeAt(folder.length) === SLASH);
}

const SLASH = 0x2f;
