import { closeSync, copyFileSync, existsSync, openSync, renameSync, truncateSync, writeSync } from "node:fs";
import { NomountError } from "../../error.ts";
import { reason } from "../failure.ts";
import { ManifestFile } from "./manifest-file.ts";
import { ManifestIndex } from "./manifest-index.ts";
import { encodeRecord, HEADER, type ManifestRecord } from "./record.ts";

const FLUSH_BYTES = 64 * 1024;
/** A killed run loses no more of its manifest than this. */
const FLUSH_MS = 500;

/**
 * A manifest that is made while files arrive, in the order in which they are complete: beside its name with ".part" at the end,
 * and under it when the run is over. What a run that was ended has left there, or a complete manifest, can be continued.
 */
export class ManifestWriter {
  readonly #path: string;
  readonly #part: string;
  readonly #fd: number;
  /** What an earlier run has written. */
  readonly earlier: ManifestIndex | undefined;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #flushedMs = performance.now();
  #isOpen = true;

  /** Throws `sink` where it cannot be written, `corrupt` where what is to be continued is no manifest. */
  constructor(path: string, { resume }: { readonly resume: boolean }) {
    this.#path = path;
    this.#part = `${path}.part`;
    try {
      this.earlier = resume ? this.#continued() : undefined;
      this.#fd = openSync(this.#part, this.earlier === undefined ? "w" : "a");
    } catch (error) {
      throw this.#failure(error);
    }
    if (this.earlier === undefined) this.#add(new TextEncoder().encode(HEADER));
  }

  record(record: ManifestRecord): void {
    this.#add(encodeRecord(record));
    if (this.#pendingBytes >= FLUSH_BYTES || performance.now() - this.#flushedMs >= FLUSH_MS) this.#flush();
  }

  /** Gives it its name. Of an earlier run only what was seen in this one stays. */
  finish(): void {
    this.#flush();
    this.#close();
    try {
      if (this.earlier !== undefined) this.#rewrite(this.earlier);
      renameSync(this.#part, this.#path);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Leaves what there is for another run to continue. */
  stop(): void {
    if (!this.#isOpen) return;
    this.#flush();
    this.#close();
    this.earlier?.close();
  }

  #continued(): ManifestIndex | undefined {
    if (!existsSync(this.#part)) {
      if (!existsSync(this.#path)) return undefined;
      copyFileSync(this.#path, this.#part);
    }
    const file = new ManifestFile(this.#part);
    let endBytes = 0;
    for (const { offsetBytes, lengthBytes } of file.records()) endBytes = offsetBytes + lengthBytes;
    file.close();
    if (endBytes === 0) return undefined;
    truncateSync(this.#part, endBytes);
    return new ManifestIndex(this.#part);
  }

  #rewrite(earlier: ManifestIndex): void {
    const whole = `${this.#part}.new`;
    const fd = openSync(whole, "w");
    try {
      writeAll(fd, [new TextEncoder().encode(HEADER)]);
      for (const placed of earlier.all("seen")) writeAll(fd, [earlier.file.bytes(placed)]);
      const now = new ManifestFile(this.#part);
      for (const placed of now.records()) if (placed.offsetBytes >= earlier.file.sizeBytes) writeAll(fd, [now.bytes(placed)]);
      now.close();
    } finally {
      closeSync(fd);
      earlier.close();
    }
    renameSync(whole, this.#part);
  }

  #add(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  #flush(): void {
    try {
      writeAll(this.#fd, this.#pending);
    } catch (error) {
      throw this.#failure(error);
    }
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#flushedMs = performance.now();
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#fd);
  }

  #failure(error: unknown): NomountError {
    if (error instanceof NomountError) return error;
    return new NomountError("sink", `${this.#path} cannot be written: ${reason(error)}`, { cause: error });
  }
}

function writeAll(fd: number, parts: readonly Uint8Array[]): void {
  const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
