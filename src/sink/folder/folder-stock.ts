import { type BigIntStats, closeSync, constants, lstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { nameFromBytes } from "../../bytes/names.ts";
import { NomountError } from "../../error.ts";
import type { NodeKind } from "../../filesystem/node.ts";
import { reason, systemCode } from "../failure.ts";
import type { Found, Stock } from "../sink.ts";
import { Directories } from "./directories.ts";

const READ_BYTES = 1024 * 1024;

/** What lies in a folder. No link on the way is followed. `prefix`: of the folder itself, with "/" at its end. */
export class FolderStock implements Stock {
  readonly #directories: Directories;
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);

  constructor(prefix: Buffer) {
    this.#directories = new Directories(prefix, 0n);
  }

  look(path: string): Found | undefined {
    const absolute = this.#directories.absolute(path);
    try {
      this.#directories.checkParent(path);
      const stats = lstatSync(absolute, { bigint: true });
      const kind = kindOf(stats);
      return {
        kind,
        sizeBytes: kind === "file" ? Number(stats.size) : 0,
        modifiedNs: stats.mtimeNs,
        linkTarget: kind === "symlink" ? nameFromBytes(readlinkSync(absolute, "buffer")) : undefined,
        fileId: `${stats.dev}:${stats.ino}`,
      };
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw failure(error);
    }
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    this.#directories.checkParent(path);
    let fd: number | undefined;
    try {
      const absolute = this.#directories.absolute(path);
      fd = openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      for (let at = 0; ; ) {
        const length = readSync(fd, this.#buffer, 0, READ_BYTES, at);
        if (length === 0) return;
        yield this.#buffer.subarray(0, length);
        at += length;
      }
    } catch (error) {
      throw failure(error);
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }
}

function kindOf(stats: BigIntStats): NodeKind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  if (stats.isSocket()) return "socket";
  return stats.isCharacterDevice() ? "char" : "block";
}

function failure(error: unknown): NomountError {
  if (error instanceof NomountError) return error;
  return new NomountError("sink", `cannot be read: ${reason(error)}`, { cause: error });
}
