import { closeSync, readSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { NomountError } from "../error.ts";
import { openNameless } from "../source/file/spool.ts";
import { reason } from "./failure.ts";

const MEMORY_BYTES = 16 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;

/** Bytes that are put aside until the end: in memory while they are few, then in a file that has no name. */
export class Spill {
  #parts: Uint8Array[] = [];
  #pendingBytes = 0;
  #fd: number | undefined;
  #writtenBytes = 0;

  get sizeBytes(): number {
    return this.#writtenBytes + this.#pendingBytes;
  }

  /** Takes bytes that stay as they are. Throws a `sink` error where the temporary folder is full. */
  add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= MEMORY_BYTES) this.#write();
  }

  /** Everything, in pieces, each valid until the next is asked for. */
  *read(): Generator<Uint8Array> {
    if (this.#fd !== undefined) {
      const buffer = new Uint8Array(READ_BYTES);
      for (let at = 0; at < this.#writtenBytes; ) {
        const length = readSync(this.#fd, buffer, 0, buffer.length, at);
        if (length === 0) throw new NomountError("sink", `${tmpdir()}: a temporary file has become shorter`);
        yield buffer.subarray(0, length);
        at += length;
      }
    }
    yield* this.#parts;
  }

  close(): void {
    this.#parts = [];
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  #write(): void {
    try {
      this.#fd ??= openNameless(tmpdir());
      const bytes = Buffer.concat(this.#parts);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#writtenBytes + at);
      this.#writtenBytes += bytes.length;
      this.#parts = [];
      this.#pendingBytes = 0;
    } catch (error) {
      throw new NomountError("sink", `${tmpdir()}: ${reason(error)}`, { cause: error });
    }
  }
}
