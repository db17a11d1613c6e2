import { close, ftruncate, openSync, statfs, unlinkSync, write } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { NomountError } from "../../error.ts";
import type { Segment } from "./file-source.ts";

export interface SpoolOptions {
  /** Default: the system's folder for temporary files. */
  readonly folder?: string | undefined;
  /** How long the stream is, where that is known. */
  readonly totalBytes?: number | undefined;
  readonly progress?: ((doneBytes: number, totalBytes: number | undefined) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Zeros in stretches of this size become holes. */
const BLOCK_BYTES = 64 * 1024;
const zeros = Buffer.alloc(BLOCK_BYTES);

/** Free space is looked at this often, and this much of it is left to everybody else. */
const CHECK_EVERY_BYTES = 32 * 1024 * 1024;
const RESERVE_BYTES = 32 * 1024 * 1024;

/**
 * Puts a stream into a sparse temporary file, so that it can be read by position. The file loses its name as soon as it is
 * open: it goes with its descriptor, however the program ends. Throws `source` when there is no room for it.
 */
export async function spool(stream: AsyncIterable<Uint8Array>, label: string, options: SpoolOptions = {}): Promise<Segment> {
  const folder = options.folder ?? tmpdir();
  let fd: number | undefined;
  try {
    await checkSpace(folder, label, options.totalBytes ?? 0);
    fd = openNameless(folder);
    let doneBytes = 0;
    let nextCheckBytes = CHECK_EVERY_BYTES;
    for await (const chunk of stream) {
      options.signal?.throwIfAborted();
      await writeSparse(fd, chunk, doneBytes);
      doneBytes += chunk.length;
      options.progress?.(doneBytes, options.totalBytes);
      if (doneBytes < nextCheckBytes) continue;
      await checkSpace(folder, label, 0);
      nextCheckBytes = doneBytes + CHECK_EVERY_BYTES;
    }
    await promisify(ftruncate)(fd, doneBytes);
    return { fd, sizeBytes: doneBytes };
  } catch (error) {
    if (fd !== undefined) await promisify(close)(fd);
    if (error instanceof NomountError || options.signal?.aborted === true) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new NomountError("source", `${label}: spooling it to ${folder} failed: ${reason}`, { cause: error });
  }
}

/** A new file that has lost its name already: it goes with its descriptor. */
export function openNameless(folder: string): number {
  const path = join(folder, `nomount-spool-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const fd = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  return fd;
}

async function checkSpace(folder: string, label: string, wantedBytes: number): Promise<void> {
  const { bavail, bsize } = await promisify(statfs)(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= wantedBytes + RESERVE_BYTES) return;
  const wants = wantedBytes > 0 ? `${label} has ${wantedBytes} bytes` : `${label} goes on`;
  throw new NomountError(
    "source",
    `${wants}, and ${folder} has ${freeBytes} bytes left to spool it to: name a roomier folder with --spool-dir, or save it to a file first`,
  );
}

async function writeSparse(fd: number, chunk: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const toBoundary = BLOCK_BYTES - ((position + at) % BLOCK_BYTES);
    const piece = chunk.subarray(at, at + toBoundary);
    if (zeros.compare(piece, 0, piece.length, 0, piece.length) !== 0) await writeAll(fd, piece, position + at);
    at += piece.length;
  }
}

async function writeAll(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await promisify(write)(fd, bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}
