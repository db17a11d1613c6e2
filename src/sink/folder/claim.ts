import { linkSync, lstatSync, readdirSync, renameSync, unlinkSync } from "node:fs";
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
const TEMPORARY_PREFIX = ".nomount-";
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
  const target = temporaryName(path);
  return new Replacing(path, target, make(target));
}

/**
 * The same for what is not made by one call, as a file that is written: it has a temporary name until it is whole, so that
 * nothing partial has its name even when this process is killed.
 */
export function claimWhole<T>(path: Buffer, settings: FolderSettings, make: (target: Buffer) => T): Claim<T> {
  if (settings.existing === "refuse" && lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    refuseExisting(path, settings);
  const target = temporaryName(path);
  return new Whole(path, target, make(target), settings);
}

/** Beside a path. */
function temporaryName(path: Buffer): Buffer {
  const folder = path.subarray(0, path.lastIndexOf(SLASH) + 1);
  temporaryNames += 1;
  return Buffer.concat([folder, Buffer.from(`${TEMPORARY_PREFIX}${process.pid}-${temporaryNames}-${suffix()}`)]);
}

/** Takes away what a killed process has left in a folder; one that still runs keeps its own. */
export function tidyFolder(folder: Buffer): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^\.nomount-(\d{1,10})-\d+-[0-9a-z]+$/.exec(name) ?? [];
    if (pid === undefined || isRunning(Number(pid))) continue;
    unlinkSync(Buffer.concat([folder, Buffer.from(`/${name}`)]));
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== "ESRCH";
  }
}

/** Codes of link(2) where a filesystem has no hard links. */
const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES"]);

class Whole<T> implements Claim<T> {
  readonly target: Buffer;
  readonly made: T;
  readonly #path: Buffer;
  readonly #settings: FolderSettings;
  constructor(path: Buffer, target: Buffer, made: T, settings: FolderSettings) {
    this.#path = path;
    this.target = target;
    this.made = made;
    this.#settings = settings;
  }
  commit(): void {
    if (this.#linked()) unlinkSync(this.target);
    else renameSync(this.target, this.#path);
  }
  discard(): void {
    unlinkSync(this.target);
  }

  /** By a link, since that never takes the place of another file of this run; a rename would. */
  #linked(): boolean {
    try {
      linkSync(this.target, this.#path);
      return true;
    } catch (error) {
      const code = systemCode(error) ?? "";
      const isThere =
        code === "EEXIST" || (NO_LINKS.has(code) && lstatSync(this.#path, { throwIfNoEntry: false }) !== undefined);
      if (isThere) refuseExisting(this.#path, this.#settings);
      else if (!NO_LINKS.has(code)) throw error;
      return false;
    }
  }
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
