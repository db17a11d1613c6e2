import { chmodSync, fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from "node:fs";
import { reason, systemCode } from "../failure.ts";
import type { Facet } from "../sink.ts";
import type { Metadata } from "./job.ts";
import type { Native } from "./native.ts";
import type { FolderSettings } from "./settings.ts";
import { secondsForNode } from "./time.ts";

/** Takes a facet that did not survive. */
export type Lost = (facet: Facet, why: string) => void;

export const NO_NATIVE = "needs the optional package koffi, which is not installed";

/** An open file, or a path whose last link is not followed. */
export type Target = number | Buffer;

/**
 * Gives a file its owner, mode, attributes and times, in the order in which none undoes another: a change of owner clears
 * setuid and capabilities, attributes of the user need write permission, an access ACL goes with the final mode, and times
 * come last. What cannot be set is said, and the rest is set all the same. `createdMode`: what it has already.
 */
export function applyMetadata(
  target: Target,
  metadata: Metadata,
  createdMode: number | undefined,
  settings: FolderSettings,
  native: Native | undefined,
  lost: Lost,
): void {
  const owned = applyOwner(target, metadata, settings, lost);
  if (metadata.xattrs.length > 0) applyXattrs(target, metadata, native, lost, (name) => !isAcl(name));
  if (metadata.kind !== "symlink") applyMode(target, metadata, createdMode, owned, lost);
  if (metadata.xattrs.length > 0) applyXattrs(target, metadata, native, lost, isAcl);
  applyTimes(target, metadata, native, lost);
}

/** Whether the file belongs to whom it should. */
function applyOwner(target: Target, { uid, gid }: Metadata, settings: FolderSettings, lost: Lost): boolean {
  if (uid === undefined || gid === undefined) return true;
  const { newFileOwner } = settings;
  if (newFileOwner?.uid === uid && newFileOwner.gid === gid) return true;
  if (!settings.owners) return false;
  try {
    if (typeof target === "number") fchownSync(target, uid, gid);
    else lchownSync(target, uid, gid);
    return true;
  } catch (error) {
    lost("owner", reason(error));
    return false;
  }
}

const SETUID_SETGID = 0o6000;

function applyMode(
  target: Target,
  { mode, kind }: Metadata,
  createdMode: number | undefined,
  owned: boolean,
  lost: Lost,
): void {
  if (mode === undefined) return;
  let wanted = mode;
  // With another owner these bits would lend the rights of whoever runs this, as cp -p and tar see it too.
  if (!owned && kind !== "directory" && (mode & SETUID_SETGID) !== 0) {
    wanted &= ~SETUID_SETGID;
    lost("mode", "setuid and setgid are left out of a file that could not be given to its owner");
  }
  if (wanted === createdMode) return;
  try {
    if (typeof target === "number") fchmodSync(target, wanted);
    else chmodSync(target, wanted);
  } catch (error) {
    lost("mode", reason(error));
  }
}

function applyXattrs(
  target: Target,
  { xattrs }: Metadata,
  native: Native | undefined,
  lost: Lost,
  which: (name: string) => boolean,
): void {
  for (const { name, value } of xattrs) {
    const text = Buffer.from(name).toString("latin1");
    if (!which(text)) continue;
    const facet = isAcl(text) ? "acl" : "xattr";
    if (native === undefined) {
      lost(facet, NO_NATIVE);
      continue;
    }
    try {
      native.setXattr(target, name, value);
    } catch (error) {
      lost(facet, `${text}: ${reason(error)}`);
    }
  }
}

export function isAcl(xattrName: string): boolean {
  return xattrName === "system.posix_acl_access" || xattrName === "system.posix_acl_default";
}

function applyTimes(target: Target, { modified, accessed = modified }: Metadata, native: Native | undefined, lost: Lost): void {
  if (modified === undefined || accessed === undefined) return;
  try {
    if (native !== undefined) {
      native.setTimes(target, accessed, modified);
      return;
    }
    const [accessedSeconds, modifiedSeconds] = [secondsForNode(accessed), secondsForNode(modified)];
    if (typeof target === "number") futimesSync(target, accessedSeconds, modifiedSeconds);
    else lutimesSync(target, accessedSeconds, modifiedSeconds);
    if (modified.nanoseconds % 1000 !== 0 || accessed.nanoseconds % 1000 !== 0) lost("nanoseconds", NO_NATIVE);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    lost("modified", reason(error));
  }
}
