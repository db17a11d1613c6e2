import { constants, createWriteStream, lstatSync, openSync, renameSync, statSync, unlinkSync, type WriteStream } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { NomountError } from "../error.ts";
import { reason, systemCode } from "./failure.ts";
import type { Existing } from "./folder/settings.ts";
import type { Target } from "./target.ts";

/**
 * A file of this machine: written under a temporary name beside it, and renamed when it is whole. What is there and no regular
 * file (a pipe, a device) is written to as it is.
 */
export class FileTarget implements Target {
  readonly label: string;
  readonly #existing: Existing;
  #stream: WriteStream | undefined;
  /** Where it is written, until it is renamed. */
  #temporary: string | undefined;

  constructor(path: string, existing: Existing = "replace") {
    this.label = path;
    this.#existing = existing;
  }

  async open(): Promise<Writable> {
    return this.#trying(() => {
      const found = statSync(this.label, { throwIfNoEntry: false });
      if (found !== undefined && this.#existing === "refuse") throw new NomountError("sink", `${this.label} is there already`);
      if (found?.isDirectory() === true) throw new NomountError("sink", `${this.label} is there, and is a folder`);
      const fd = found === undefined || found.isFile() ? this.#openTemporary() : openSync(this.label, constants.O_WRONLY);
      this.#stream = createWriteStream("", { fd });
      return this.#stream;
    });
  }

  async commit(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (!stream.writableEnded) stream.end();
    await finished(stream).catch((error: unknown) => this.#fail(error));
    this.#trying(() => {
      if (this.#temporary !== undefined) renameSync(this.#temporary, this.label);
    });
    this.#temporary = undefined;
  }

  async discard(): Promise<void> {
    const stream = this.#stream;
    if (stream !== undefined && !stream.closed)
      await new Promise<void>((resolve) => {
        stream
          .once("close", resolve)
          .on("error", () => undefined)
          .destroy();
      });
    if (this.#temporary === undefined) return;
    try {
      unlinkSync(this.#temporary);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
    this.#temporary = undefined;
  }

  #openTemporary(): number {
    const name = `.nomount-${process.pid}-${Math.floor(Math.random() * 0x100000000).toString(36)}`;
    // Whoever made the link may not be who runs this.
    if (lstatSync(this.label, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new NomountError("sink", `${this.label} is a symbolic link: name the file itself`);
    const temporary = join(dirname(this.label), `${name}-${basename(this.label)}`.slice(0, 200));
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o666);
    this.#temporary = temporary;
    return fd;
  }

  #trying<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): never {
    if (error instanceof NomountError) throw error;
    throw new NomountError("sink", `${this.label} cannot be written: ${reason(error)}`, { cause: error });
  }
}
