import { type BigIntStats, closeSync, createReadStream, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { NomountError, type Warn } from "../../error.ts";
import type { BlockSource } from "../block-source.ts";
import { deviceSectorBytes, deviceSizeBytes } from "./device.ts";
import { FileSource, type Segment } from "./file-source.ts";
import { usersOf } from "./in-use.ts";
import { splitSeries } from "./split-series.ts";
import { spool } from "./spool.ts";

export interface OpenSourceOptions {
  /** Takes "in use, reads may be torn" and its like. */
  readonly warn?: Warn | undefined;
  /** Where standard input and pipes are spooled to; default: the system's folder for temporary files. */
  readonly spoolDir?: string | undefined;
  /** Bytes spooled so far, and how many there will be where that is known. */
  readonly spooling?: ((doneBytes: number, totalBytes: number | undefined) => void) | undefined;
  /** Ends spooling. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a regular file, a block device, the first part of a split raw image, a pipe, or "-" (standard input), read-only.
 * Throws `source` when it cannot be had. The caller closes it.
 */
export async function openSource(path: string, options: OpenSourceOptions = {}): Promise<BlockSource> {
  if (path === "-") return openStandardInput(options);
  const stat = statOf(path);
  if (stat.isFIFO()) return spooled(createReadStream(path, { highWaterMark: PIPE_READ_BYTES }), path, undefined, options);
  if (!stat.isFile() && !stat.isBlockDevice()) {
    throw new NomountError("source", `${path} is a ${otherKind(stat)}: name a disk image or a block device`);
  }
  const users = usersOf(path, stat);
  if (users.length > 0) {
    const text = `${path} is ${users.slice(0, 4).join(", ")}: what changes while it is read comes out torn; read a snapshot of it instead`;
    options.warn?.(new NomountError("source", text));
  }
  const parts = stat.isFile() ? (splitSeries(path) ?? [path]) : [path];
  return openParts(path, parts);
}

const PIPE_READ_BYTES = 1024 * 1024;

/** One part or several; when one cannot be opened, none stays open. */
function openParts(label: string, parts: readonly string[]): FileSource {
  const segments: Segment[] = [];
  try {
    let sectorBytes: number | undefined;
    for (const part of parts) {
      const fd = openReadOnly(part);
      segments.push({ fd, sizeBytes: 0 });
      const stat = fstatSync(fd, { bigint: true });
      const sizeBytes = stat.isBlockDevice() ? deviceSizeBytes(fd, stat) : Number(stat.size);
      if (sizeBytes === 0) throw new NomountError("source", `${part} is empty`);
      segments[segments.length - 1] = { fd, sizeBytes };
      if (stat.isBlockDevice()) sectorBytes = deviceSectorBytes(stat);
    }
    return checked(new FileSource(label, segments, sectorBytes));
  } catch (error) {
    for (const { fd } of segments) closeSync(fd);
    throw error;
  }
}

function openReadOnly(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

function statOf(path: string): BigIntStats {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

function cannotOpen(path: string, error: unknown): NomountError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reason =
    code === "ENOENT"
      ? "no such file or device"
      : code === "EACCES" || code === "EPERM"
        ? "no permission to read it (a block device is read as root or as a member of its group)"
        : String(error instanceof Error ? error.message : error);
  return new NomountError("source", `${path}: ${reason}`, { cause: error });
}

/** A file or device on standard input is read where it is, unless part of it was read already; a pipe is spooled. */
async function openStandardInput(options: OpenSourceOptions): Promise<BlockSource> {
  const stat = fstatSync(STDIN, { bigint: true });
  const position = positionOf(STDIN);
  if ((stat.isFile() || stat.isBlockDevice()) && position === 0) return openParts("standard input", ["/dev/stdin"]);
  if (process.stdin.isTTY) throw new NomountError("source", "standard input is a terminal: pipe a disk image into it");
  const totalBytes = stat.isFile() && position !== undefined ? Number(stat.size) - position : undefined;
  return spooled(process.stdin, "standard input", totalBytes, options);
}

const STDIN = 0;

/** How far a descriptor has been read already; undefined where the system does not tell. */
function positionOf(fd: number): number | undefined {
  try {
    const digits = /^pos:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    return undefined;
  }
}

async function spooled(
  stream: AsyncIterable<Uint8Array>,
  label: string,
  totalBytes: number | undefined,
  options: OpenSourceOptions,
): Promise<BlockSource> {
  const { spoolDir: folder, spooling: progress, signal } = options;
  const segment = await spool(stream, label, { folder, totalBytes, progress, signal });
  const source = new FileSource(label, [segment]);
  if (source.sizeBytes > 0) return source;
  source.close();
  throw new NomountError("source", `${label} is empty`);
}

/** Positions are numbers: a source on which they would lose units is refused. */
function checked(source: FileSource): FileSource {
  if (Number.isSafeInteger(source.sizeBytes)) return source;
  throw new NomountError("unsupported", `${source.label} has 2^53 bytes or more`);
}

function otherKind(stat: BigIntStats): string {
  if (stat.isDirectory()) return "directory";
  if (stat.isCharacterDevice()) return "character device";
  return stat.isSocket() ? "socket" : "file of no readable kind";
}
