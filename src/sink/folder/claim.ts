import { lstatSync, renameSync, unlinkSync } from "node:fs";
import { nameForDisplay, nameFromBytes } from "../../bytes/names.ts";
import { NomountError } from "../../error.ts";
import { systemCode } from "../failure.ts";
import type { FolderSettings } from "./settings.ts";

/** Something new in the destination, not yet complete. */
export interface Claim<T> {
  readonly made: T;
  /** Where it is: its final name, or a temporary one when it will replace something. */
  readonly target: Buffer;
  /** Gives it its final name. */
  commit(): void;
  /** Takes it away again. */
  discard(): void;
}

const SLASH = 0x2f;
let temporaryNames = 0;

/**
 * Makes something under a name that nothing has: `make` must fail with EEXIST otherwise (O_EXCL, symlink, link, mknod all
 * do), so that no link is followed. In a fresh folder that is the final name at once, which is the fastest, and `discard`
 * takes away what was not completed; where something is to be replaced, it is a temporary name and a rename.
 */
export function claim<T>(path: Buffer, settings: FolderSettings, make: (target: Buffer) => T): Claim<T> {
  try {
    return new Fresh(path, make(path));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
  refuseExisting(path, settings);
  const folder = path.subarray(0, path.lastIndexOf(SLASH) + 1);
  temporaryNames += 1;
  const target = Buffer.concat([folder, Buffer.from(`.nomount-${process.pid}-${temporaryNames}-${suffix()}`)]);
  return new Replacing(path, target, make(target));
}

class Fresh<T> implements Claim<T> {
  readonly target: Buffer;
  readonly made: T;
  constructor(path: Buffer, made: T) {
    this.target = path;
    this.made = made;
  }
  commit(): void {}
  discard(): void {
    unlinkSync(this.target);
  }
}

class Replacing<T> implements Claim<T> {
  readonly target: Buffer;
  readonly made: T;
  readonly #path: Buffer;
  constructor(path: Buffer, target: Buffer, made: T) {
    this.#path = path;
    this.target = target;
    this.made = made;
  }
  commit(): void {
    renameSync(this.target, this.#path);
    // Two names of one file: rename(2) then leaves both.
    try {
      unlinkSync(this.target);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
  discard(): void {
    unlinkSync(this.target);
  }
}

function refuseExisting(path: Buffer, settings: FolderSettings): void {
  const found = lstatSync(path, { bigint: true });
  const name = nameForDisplay(nameFromBytes(path));
  if (found.isDirectory()) throw new NomountError("sink", `${name} is there already, and is a directory`);
  if (found.ctimeNs >= settings.startedNs) throw new NomountError("sink", twinMessage(name));
  if (settings.existing === "refuse") throw new NomountError("sink", `${name} is there already`);
}

/** Change times tell: what this run found is older than its beginning. */
export function twinMessage(name: string): string {
  return `${name} was made in this run already: another name of the guest differs only in case, or the directory is damaged`;
}

function suffix(): string {
  return Math.floor(Math.random() * 0x100000000).toString(36);
}
