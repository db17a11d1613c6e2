import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, ftruncateSync, openSync, writeSync } from "node:fs";
import type { Fault } from "../../error.ts";
import type { Place } from "../../source/block-source.ts";
import type { Chunk } from "../../source/window.ts";
import { BadRanges } from "../bad-ranges.ts";
import type { Direct } from "../direct.ts";
import { applyMetadata, type Lost } from "./apply.ts";
import { type Claim, claimWhole } from "./claim.ts";
import type { Metadata } from "./job.ts";
import type { Native } from "./native.ts";
import type { FolderSettings } from "./settings.ts";

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const PERMISSIONS = 0o777;
const DEFAULT_MODE = 0o666;
const ZEROS = new Uint8Array(256 * 1024);

/** A regular file that is being written: it ends in `complete` or in `discard`. */
export class NewFile {
  readonly #claim: Claim<number>;
  readonly #metadata: Metadata;
  readonly #settings: FolderSettings;
  readonly #bad = new BadRanges();
  /** Of a file whose bytes come in their order. */
  readonly #hash: Hash | undefined;
  #endBytes = 0;
  #isOpen = true;
  #ended = false;

  /** Throws what the system says when it cannot be made, and a `sink` error when its name is taken. */
  constructor(path: Buffer, metadata: Metadata, settings: FolderSettings) {
    const mode = (metadata.mode ?? DEFAULT_MODE) & PERMISSIONS;
    this.#claim = claimWhole(path, settings, (target) => openSync(target, CREATE, mode));
    this.#metadata = metadata;
    this.#settings = settings;
    this.#hash = settings.digests ? createHash("sha256") : undefined;
  }

  get fd(): number {
    return this.#claim.made;
  }

  /** Whether there is no use in going on: a part is bad, and such files are left out. */
  get spoilt(): boolean {
    return this.#bad.any && this.#settings.damaged === "leave out";
  }

  write(chunk: Chunk): void {
    if ("fault" in chunk) {
      this.#bad.add(chunk.offsetBytes, chunk.lengthBytes, chunk.fault);
      return;
    }
    writeFully(this.fd, chunk.bytes, chunk.offsetBytes);
    this.#hashZerosTo(chunk.offsetBytes);
    this.#hash?.update(chunk.bytes);
    this.#endBytes = chunk.offsetBytes + chunk.bytes.length;
  }

  /** A stretch that lies in a root, around this process; how much of it went. None where it is to be hashed. */
  send(direct: Direct, place: Place, lengthBytes: number, offsetBytes: number): number {
    if (this.#hash !== undefined) return 0;
    const sentBytes = direct.send(this.fd, place, lengthBytes, offsetBytes);
    if (sentBytes > 0) this.#endBytes = offsetBytes + sentBytes;
    return sentBytes;
  }

  /** Its full length beforehand, for parts that come in any order. */
  setSize(sizeBytes: number): void {
    ftruncateSync(this.fd, sizeBytes);
    this.#endBytes = sizeBytes;
  }

  /** Gives it its length, metadata and name, or takes it away when it is spoilt. Why it is not whole, or undefined. */
  complete(sizeBytes: number, native: Native | undefined, lost: Lost): Fault | undefined {
    if (this.spoilt) {
      this.discard();
    } else {
      if (this.#endBytes < sizeBytes) ftruncateSync(this.fd, sizeBytes);
      this.#hashZerosTo(sizeBytes);
      applyMetadata(this.fd, this.#metadata, this.#createdMode(), this.#settings, native, lost);
      this.#close();
      this.#claim.commit();
      this.#ended = true;
    }
    return this.#bad.fault();
  }

  /** Of its whole content, in hex, where the settings ask for it; once, after it is complete. */
  sha256(): string | undefined {
    return this.#hash?.digest("hex");
  }

  /** Does nothing after either end. */
  discard(): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#claim.discard();
    } finally {
      if (this.#isOpen) this.#close();
    }
  }

  #hashZerosTo(offsetBytes: number): void {
    if (this.#hash === undefined) return;
    for (let at = this.#endBytes; at < offsetBytes; at += ZEROS.length)
      this.#hash.update(ZEROS.subarray(0, Math.min(ZEROS.length, offsetBytes - at)));
  }

  /** A network filesystem may say only here that it is full. */
  #close(): void {
    this.#isOpen = false;
    closeSync(this.fd);
  }

  /** The mode it has from the beginning, where that is known. */
  #createdMode(): number | undefined {
    const { mode } = this.#metadata;
    const { newFileOwner, umask } = this.#settings;
    return mode === undefined || newFileOwner === undefined ? undefined : mode & PERMISSIONS & ~umask;
  }
}

export function writeFully(fd: number, bytes: Uint8Array, offsetBytes: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offsetBytes + at);
}
