import type { Attributes, Store, Upload, UploadOptions } from "../remote/store.ts";
import { entryError } from "../remote/store-error.ts";
import type { Found, Keeps } from "../sink.ts";
import { fileAttributes, holdsTime, kindOf, ownerOf } from "./attributes.ts";
import { Calls } from "./calls.ts";
import { OPEN } from "./packets.ts";
import { type Line, Session } from "./session.ts";
import { SftpUpload } from "./sftp-upload.ts";

export interface SftpOptions {
  /** How messages name the place: "sftp://backup@host/vm01". */
  readonly label: string;
  /** Absolute, or relative to the home folder. */
  readonly path: string;
  /** Whether files get the guest's owners, which only root may give there. Default false. */
  readonly owners?: boolean | undefined;
  /** Whether each file is on the server's disk before it gets its name. Default false. */
  readonly sync?: boolean | undefined;
  /** After so long without an answer the line is taken for broken. Default 60 s. */
  readonly idleMs?: number | undefined;
}

const IDLE_MS = 60_000;
const FILES_AT_ONCE = 16;
/** Of a file found broken off so much of its end is sent again: writes may have been done in any order. */
const UNSURE_BYTES = 4 * 1024 * 1024;
/** While they are on their way, files and folders are their owner's alone. */
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const READ_AHEAD = 16;

/** A folder of a server that speaks SFTP. `connect` gives a new line to it. */
export class SftpStore implements Store {
  readonly label: string;
  readonly parallel = FILES_AT_ONCE;
  readonly #options: SftpOptions;
  readonly #connect: () => Promise<Line>;
  #calls: Calls | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;
  #temporaryLinks = 0;

  constructor(options: SftpOptions, connect: () => Promise<Line>) {
    this.label = options.label;
    this.#options = options;
    this.#connect = connect;
  }

  get keeps(): Keeps {
    const session = this.#calls?.session;
    const withExtension = (name: string): true | string => session?.has(name) === true || "this server has no means for it";
    return {
      ...{ name: true, mode: true, modified: true, accessed: true, symlink: true, holes: true, stream: true },
      owner: this.#options.owners === true || "files belong to who has logged in, but for root's (--owners)",
      "hard link": withExtension("hardlink@openssh.com"),
      nanoseconds: "SFTP has whole seconds",
      ...{ created: NO_FIELD, xattr: NO_FIELD, acl: NO_FIELD, flags: NO_FIELD },
      ...{ fifo: NO_SPECIAL, socket: NO_SPECIAL, device: NO_SPECIAL },
    };
  }

  holdsTime(ns: bigint): boolean {
    return holdsTime(ns);
  }

  refuses(): undefined {
    return undefined;
  }

  async open(): Promise<void> {
    if (this.#calls?.session.isOver === false) return;
    this.#opening ??= this.#begin().finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  async look(path: string): Promise<Found | undefined> {
    const whole = this.#whole(path);
    const found = await this.#line.look("lstat", whole);
    if (found === undefined) return undefined;
    const kind = kindOf(found);
    return {
      kind,
      sizeBytes: found.sizeBytes ?? 0,
      modifiedNs: found.times === undefined ? undefined : BigInt(found.times.modified) * 1_000_000_000n,
      linkTarget: kind === "symlink" ? await this.#line.readLink(whole) : undefined,
      fileId: undefined,
    };
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    await this.open();
    const calls = this.#line;
    const handle = await calls.open(this.#whole(path), OPEN.read);
    const { maxDataBytes } = calls.session;
    let at = 0;
    const next = (): Promise<Uint8Array | undefined> => {
      const offsetBytes = at;
      at += maxDataBytes;
      const part = readFully(calls, handle, offsetBytes, maxDataBytes);
      part.catch(() => undefined);
      return part;
    };
    const parts = Array.from({ length: READ_AHEAD }, next);
    try {
      for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
        const bytes = await part;
        if (bytes === undefined) return;
        yield bytes;
        if (bytes.length < maxDataBytes) return;
        parts.push(next());
      }
    } finally {
      await Promise.allSettled(parts);
      await calls.close(handle).catch(() => undefined);
    }
  }

  async makeFolder(path: string): Promise<"new" | "was there"> {
    const whole = this.#whole(path);
    try {
      await this.#line.makeFolder(whole, PRIVATE_FOLDER);
      return "new";
    } catch (error) {
      const found = await this.#line.look("lstat", whole);
      if (found === undefined) throw error;
      if (kindOf(found) === "directory") return "was there";
      const isLink = kindOf(found) === "symlink";
      throw entryError(isLink ? "a symbolic link is there in its place: it is not followed" : "something else has its name");
    }
  }

  async upload(path: string, options: UploadOptions): Promise<Upload> {
    const calls = this.#line;
    const whole = this.#whole(path);
    const temporary = `${whole.slice(0, whole.lastIndexOf("/") + 1)}.nomount-${options.key}.part`;
    const { handle, arrivedBytes } = await openTemporary(calls, temporary, options.resume);
    const { owners = false, sync = false } = this.#options;
    const canSync = sync && calls.session.has("fsync@openssh.com");
    return new SftpUpload(calls, { handle, temporary, path: whole, arrivedBytes }, options.attributes, {
      owners,
      sync: canSync,
    });
  }

  async symlink(path: string, target: string, attributes: Attributes): Promise<void> {
    const calls = this.#line;
    await this.#inPlace(path, (free) => calls.symlink(free, target));
    if (!calls.session.has("lsetstat@openssh.com")) return;
    const owner = this.#options.owners === true ? ownerOf(attributes) : undefined;
    await calls.setLink(this.#whole(path), { owner, times: fileAttributes(attributes).times });
  }

  async hardLink(path: string, existing: string): Promise<void> {
    await this.#inPlace(path, (free) => this.#line.hardLink(free, this.#whole(existing)));
  }

  async setAttributes(path: string, attributes: Attributes): Promise<void> {
    const owner = this.#options.owners === true ? ownerOf(attributes) : undefined;
    if (owner !== undefined) await this.#line.set(this.#whole(path), { owner });
    await this.#line.set(this.#whole(path), fileAttributes(attributes));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#calls?.session.close();
  }

  get #line(): Calls {
    if (this.#calls === undefined) throw entryError(`${this.label} is not open`);
    return this.#calls;
  }

  #whole(path: string): string {
    const top = this.#options.path.replace(/(?<=.)\/+$/, "");
    if (path === "") return top;
    return top === "/" ? `/${path}` : `${top}/${path}`;
  }

  async #begin(): Promise<void> {
    const session = new Session(this.label, await this.#connect(), this.#options.idleMs ?? IDLE_MS);
    await session.begin();
    const calls = new Calls(session, this.#whole(""));
    await makeTop(calls, this.#whole(""));
    this.#calls = calls;
    if (this.#closed) session.close();
  }

  /** Makes what cannot replace anything under its name, or else under another one that then takes its place. */
  async #inPlace(path: string, make: (free: string) => Promise<void>): Promise<void> {
    const whole = this.#whole(path);
    try {
      return await make(whole);
    } catch (error) {
      const found = await this.#line.look("lstat", whole);
      if (found === undefined) throw error;
      if (kindOf(found) === "directory") throw entryError("it is there already, and is a directory");
    }
    this.#temporaryLinks += 1;
    const name = `.nomount-${process.pid}-${Date.now().toString(36)}-${this.#temporaryLinks}.part`;
    const temporary = `${whole.slice(0, whole.lastIndexOf("/") + 1)}${name}`;
    await make(temporary);
    await this.#line.rename(temporary, whole);
    // Two names of one file: rename(2) then leaves both.
    await this.#line.remove(temporary);
  }
}

const NO_FIELD = "SFTP has no place for it";
const NO_SPECIAL = "SFTP makes none";

/** A short answer is no end: the rest is asked for. Undefined at the end. */
async function readFully(calls: Calls, handle: Uint8Array, offsetBytes: number, lengthBytes: number) {
  const parts: Uint8Array[] = [];
  let got = 0;
  while (got < lengthBytes) {
    const part = await calls.read(handle, offsetBytes + got, lengthBytes - got);
    if (part === undefined || part.length === 0) break;
    parts.push(part);
    got += part.length;
  }
  return got === 0 ? undefined : Buffer.concat(parts);
}

/** A new file, through no link that somebody has put there; or what is left of an earlier attempt, where it may be continued. */
async function openTemporary(calls: Calls, path: string, resume: UploadOptions["resume"]) {
  if (resume !== undefined) {
    const found = await calls.look("lstat", path);
    const isFile = found !== undefined && kindOf(found) === "file";
    const sureBytes = (found?.sizeBytes ?? 0) - (resume === "as found" ? UNSURE_BYTES : 0);
    const arrivedBytes = Math.max(0, resume === "as found" ? sureBytes : Math.min(sureBytes, resume));
    if (isFile && arrivedBytes > 0) return { handle: await calls.open(path, OPEN.write), arrivedBytes };
    if (found !== undefined) await calls.remove(path);
  }
  const flags = OPEN.write | OPEN.create | OPEN.exclusive;
  return { handle: await calls.open(path, flags, { permissions: PRIVATE_FILE }), arrivedBytes: 0 };
}

/** The folder that everything goes into, with those above it. It was named by who runs this: links in it are followed. */
async function makeTop(calls: Calls, path: string): Promise<void> {
  const found = await calls.look("stat", path);
  if (found !== undefined) {
    if (kindOf(found) === "directory") return;
    throw entryError(`${path} is there, and is no folder`);
  }
  const slash = path.lastIndexOf("/");
  if (slash > 0) await makeTop(calls, path.slice(0, slash));
  await calls.makeFolder(path, 0o777);
}
