/**
 * What went wrong, as far as a caller may want to act on it:
 * `corrupt` (the bytes contradict their format), `unsupported` (valid, but not read by this version), `source` (the device
 * or image could not be read), `path` (no such volume, file or stream), `sink` (the destination failed), `usage` (the
 * request makes no sense).
 */
export type ErrorKind = "corrupt" | "unsupported" | "source" | "path" | "sink" | "usage";

/** Where in an input something was found: the label of a source and, where known, a byte in it. */
export interface Where {
  readonly label: string;
  readonly offsetBytes?: number;
}

/** A problem as plain data: crosses to worker threads, goes into reports and JSON. */
export interface Fault {
  readonly kind: ErrorKind;
  readonly message: string;
}

/** The only error that nomount throws on purpose. Anything else that escapes is a bug. */
export class NomountError extends Error {
  override readonly name: string = "NomountError";
  readonly kind: ErrorKind;
  readonly where: Where | undefined;

  constructor(kind: ErrorKind, message: string, options: { where?: Where; cause?: unknown } = {}) {
    const { where } = options;
    super(
      where === undefined ? message : `${message} (${place(where)})`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.kind = kind;
    this.where = where;
  }
}

/** A range that could not be read from a root: the device said no, or the image ends before it. */
export class SourceError extends NomountError {
  override readonly name: string = "SourceError";
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** No further read can succeed: the device has gone, or its snapshot overflowed. */
  readonly fatal: boolean;

  constructor(
    message: string,
    range: { label: string; offsetBytes: number; lengthBytes: number },
    options: { cause?: unknown; fatal?: boolean } = {},
  ) {
    super("source", message, {
      where: { label: range.label, offsetBytes: range.offsetBytes },
      ...(options.cause === undefined ? {} : { cause: options.cause }),
    });
    this.offsetBytes = range.offsetBytes;
    this.lengthBytes = range.lengthBytes;
    this.fatal = options.fatal ?? false;
  }
}

/** Takes what the user should know though the work goes on: a damaged backup header, a partition that reaches past the end. */
export type Warn = (warning: NomountError) => void;

/** `0x` and lower-case digits: the form in which messages give addresses and magic numbers. */
export function hex(value: number | bigint, digits = 0): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

/** A caught value as the plain data that reports carry; a foreign error is rethrown, since it is a bug and not a finding. */
export function faultOf(error: unknown): Fault {
  if (error instanceof NomountError) return { kind: error.kind, message: error.message };
  throw error;
}

/** A caught value as damage that the work outlives. A bug, or the end of the source itself, is rethrown. */
export function damageOf(error: unknown): NomountError {
  if (error instanceof NomountError && !(error instanceof SourceError && error.fatal)) return error;
  throw error;
}

function place(where: Where): string {
  return where.offsetBytes === undefined ? where.label : `${where.label}, byte ${hex(where.offsetBytes)}`;
}
