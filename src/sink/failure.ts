import { type Fault, NomountError } from "../error.ts";

/** The `code` of an error of the system: "ENOSPC". */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Codes after which the destination takes nothing more: full, gone, read-only, or this process out of descriptors. */
const FATAL = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO", "ENXIO", "ENODEV", "ESTALE", "EMFILE", "ENFILE", "ENOMEM"]);

export function isFatal(error: unknown): boolean {
  const code = systemCode(error);
  return code !== undefined && FATAL.has(code);
}

/** In words for people, for the codes that a restore meets. */
const MEANINGS = new Map([
  ["ENOSPC", "the destination is full"],
  ["EDQUOT", "the quota of the destination is used up"],
  ["EROFS", "the destination is read-only"],
  ["EIO", "the destination's device failed"],
  ["ENAMETOOLONG", "the name is too long for the destination"],
  ["EILSEQ", "the destination does not take these bytes in a name"],
  ["EINVAL", "the destination does not take this name"],
  ["EACCES", "permission denied"],
  ["EPERM", "not permitted"],
  ["ENOENT", "the folder it belongs in is not there"],
  ["ENOTDIR", "what should be its folder is not one"],
  ["EFBIG", "the destination cannot hold a file of that size"],
  ["ENOTSUP", "the destination does not support it"],
  ["EOPNOTSUPP", "the destination does not support it"],
  ["EMFILE", "too many open files"],
  ["EMLINK", "the destination allows no more links to one file"],
  ["EXDEV", "it lies on another filesystem"],
  ["EPIPE", "the reader has gone"],
  ["ERR_STREAM_DESTROYED", "the reader has gone"],
  ["ECONNRESET", "the connection was reset"],
]);

/** Why a call failed, with its code: "the destination is full (ENOSPC)". */
export function reason(error: unknown): string {
  if (error instanceof NomountError) return error.message;
  const code = systemCode(error);
  if (code === undefined) throw error;
  const meaning = MEANINGS.get(code);
  return meaning === undefined ? code : `${meaning} (${code})`;
}

/** A failed call as the plain data that reports carry; an error that is none of the system's is rethrown, since it is a bug. */
export function sinkFault(error: unknown): Fault {
  return error instanceof NomountError
    ? { kind: error.kind, message: error.message }
    : { kind: "sink", message: reason(error) };
}
