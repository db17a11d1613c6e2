import { closeSync, constants, fstatSync, mkdirSync, openSync, realpathSync, statSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { NomountError } from "../../error.ts";
import { reason, systemCode } from "../failure.ts";

/** The folder that files go to, as it was found. */
export interface Destination {
  /** What makes the path of an entry absolute. */
  readonly prefix: Buffer;
  /** The path of an entry, of an absolute one in the form of `bytes/names.ts`. */
  readonly relative: (absolute: string) => string;
  /** It was made for this run, so that what the guest's root has becomes its own. */
  readonly isNew: boolean;
  readonly startedNs: bigint;
  readonly umask: number;
  readonly newFileOwner: { readonly uid: number; readonly gid: number };
}

/**
 * Makes the folder, unless it is there, and tries what becomes of a new file in it: its owner (a setgid folder gives its
 * group), the mode bits that it does not get (umask, default ACL, a filesystem without modes), the time on its clock. Throws
 * a `sink` error.
 */
export function openDestination(path: string): Destination {
  try {
    const isNew = makeFolder(path);
    const real = realpathSync(path);
    if (!statSync(real).isDirectory())
      throw new NomountError("sink", `${path} cannot be written to: it is there, and no folder`);
    const trial = `${real}/.nomount-${process.pid}-${Math.floor(Math.random() * 0x100000000).toString(36)}`;
    const fd = openSync(trial, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o777);
    try {
      unlinkSync(trial);
      const { ctimeNs, mode, uid, gid } = fstatSync(fd, { bigint: true });
      const prefix = real.endsWith("/") ? real : `${real}/`;
      return {
        prefix: Buffer.from(prefix),
        relative: (absolute) => absolute.slice(prefix.length),
        isNew,
        startedNs: ctimeNs,
        umask: 0o777 & ~Number(mode),
        newFileOwner: { uid: Number(uid), gid: Number(gid) },
      };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof NomountError) throw error;
    throw new NomountError("sink", `${path} cannot be written to: ${reason(error)}`, { cause: error });
  }
}

/**
 * Makes a folder and those above it; false when it is there. Node's own recursive call never returns where the system makes no
 * folders and says that there is nothing, as in /proc.
 */
function makeFolder(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") return false;
    const parent = dirname(path);
    if (code !== "ENOENT" || parent === path) throw error;
    makeFolder(parent);
    mkdirSync(path);
    return true;
  }
}
