import type { NodeKind } from "../../filesystem/node.ts";
import type { Attributes } from "../remote/store.ts";
import { type FileAttributes, TYPE, TYPE_MASK } from "./packets.ts";

const SECOND_NS = 1_000_000_000n;

/** Mode and times as SFTP can say them: whole seconds from 1970 to 2106. */
export function fileAttributes({ mode, modifiedNs, accessedNs }: Attributes): FileAttributes {
  const modified = secondsOf(modifiedNs);
  return {
    permissions: mode,
    times: modified === undefined ? undefined : { modified, accessed: secondsOf(accessedNs) ?? modified },
  };
}

export function ownerOf({ uid, gid }: Attributes): FileAttributes["owner"] {
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** Whether SFTP has the time at all. */
export function holdsTime(ns: bigint): boolean {
  return secondsOf(ns) !== undefined;
}

export function kindOf({ permissions = 0 }: FileAttributes): NodeKind {
  switch (permissions & TYPE_MASK) {
    case TYPE.directory:
      return "directory";
    case TYPE.symlink:
      return "symlink";
    case TYPE.file:
      return "file";
    default:
      return "other";
  }
}

function secondsOf(ns: bigint | undefined): number | undefined {
  if (ns === undefined || ns < 0n) return undefined;
  const seconds = ns / SECOND_NS;
  return seconds > 0xffff_ffffn ? undefined : Number(seconds);
}
