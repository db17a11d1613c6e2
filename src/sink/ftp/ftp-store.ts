import { PassThrough } from "node:stream";
import { nameToBytes } from "../../bytes/names.ts";
import type { Attributes, Store, Upload, UploadOptions } from "../remote/store.ts";
import { entryError, type StoreError } from "../remote/store-error.ts";
import type { Found, Keeps } from "../sink.ts";
import { factsOf, sizeOf, timeFromText, timeText } from "./facts.ts";
import { type FtpFeatures, type FtpLine, type FtpOptions, ftpError, openLine, wire } from "./ftp-line.ts";
import { FtpUpload } from "./ftp-upload.ts";

const FILES_AT_ONCE = 4;
const NOTHING_YET: FtpFeatures = { facts: false, setTime: false, setMode: false };

/** A folder of an FTP server. Each file goes over a connection of its own; those that are free are used again. */
export class FtpStore implements Store {
  readonly label: string;
  readonly parallel = FILES_AT_ONCE;
  readonly #options: FtpOptions;
  readonly #all = new Set<FtpLine>();
  #free: FtpLine[] = [];
  #features = NOTHING_YET;
  #closed = false;

  constructor(options: FtpOptions) {
    this.label = options.label;
    this.#options = options;
  }

  get keeps(): Keeps {
    const { setMode, setTime } = this.#features;
    return {
      ...{ name: true, stream: true },
      mode: setMode || "this server has no SITE CHMOD",
      modified: setTime || "this server has no MFMT",
      nanoseconds: "FTP has whole seconds",
      holes: "FTP has none: they are sent as zeros",
      ...{ owner: NONE, accessed: NONE, created: NONE, xattr: NONE, acl: NONE, flags: NONE },
      ...{ symlink: NONE, "hard link": NONE, fifo: NONE, socket: NONE, device: NONE },
    };
  }

  holdsTime(ns: bigint): boolean {
    return timeFromText(timeText(ns)) === ns - (((ns % SECOND_NS) + SECOND_NS) % SECOND_NS);
  }

  refuses(name: string): string | undefined {
    const bytes = nameToBytes(name);
    if (bytes.includes(0x0a) || bytes.includes(0x0d)) return "FTP has no names with line ends";
    return bytes.includes(0xff) ? "FTP has no names with the byte 0xff" : undefined;
  }

  async open(): Promise<void> {
    await this.#with(async () => undefined);
  }

  look(path: string): Promise<Found | undefined> {
    return this.#with(async ({ client, features }) => {
      if (features.facts) return factsOf(client, wire(path));
      const sizeBytes = await sizeOf(client, wire(path));
      if (sizeBytes === undefined) return undefined;
      const { message } = await client.sendIgnoringError(`MDTM ${wire(path)}`);
      const modifiedNs = timeFromText(message.replace(/^213 /, ""));
      return { kind: "file", sizeBytes, modifiedNs, linkTarget: undefined, fileId: undefined };
    });
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const line = await this.#take();
    const stream = new PassThrough();
    let error: StoreError | undefined;
    const transfer = line.client.downloadTo(stream, wire(path)).catch((thrown: unknown) => {
      error = ftpError(this.label, thrown);
      stream.destroy(error);
    });
    try {
      for await (const bytes of stream) yield bytes;
    } finally {
      stream.destroy();
      await transfer;
      this.#give(line);
    }
    if (error !== undefined) throw error;
  }

  makeFolder(path: string): Promise<"new" | "was there"> {
    return this.#with(async ({ client, features }) => {
      const { code, message } = await client.sendIgnoringError(`MKD ${wire(path)}`);
      if (code < 400) return "new";
      const found = features.facts ? await factsOf(client, wire(path)) : undefined;
      if (found === undefined) throw entryError(`the server says "${message.replace(/^\d{3}[ -]/, "")}"`);
      if (found.kind === "directory" && !(await isLink(client, wire(path)))) return "was there";
      throw entryError("a symbolic link, or something else that is no folder, is there in its place: it is not followed");
    });
  }

  async upload(path: string, options: UploadOptions): Promise<Upload> {
    const line = await this.#take();
    const temporary = `${path.slice(0, path.lastIndexOf("/") + 1)}.nomount-${options.key}.part`;
    try {
      const arrivedBytes = await this.#arrived(line, wire(temporary), options);
      return new FtpUpload(line, this.label, { temporary, path, arrivedBytes }, options.attributes, {
        release: () => this.#give(line),
        remove: () => this.#with(async ({ client }) => void (await client.sendIgnoringError(`DELE ${wire(temporary)}`))),
      });
    } catch (error) {
      this.#give(line);
      throw ftpError(this.label, error);
    }
  }

  setAttributes(path: string, { mode, modifiedNs }: Attributes): Promise<void> {
    return this.#with(async ({ client, features }) => {
      if (features.setTime && modifiedNs !== undefined)
        await client.sendIgnoringError(`MFMT ${timeText(modifiedNs)} ${wire(path)}`);
      if (features.setMode && mode !== undefined)
        await client.sendIgnoringError(`SITE CHMOD ${(mode & 0o7777).toString(8).padStart(4, "0")} ${wire(path)}`);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { client } of this.#all) client.close();
    this.#all.clear();
  }

  /** What an earlier attempt has brought, if it may be continued; otherwise it is taken away. The server counts for itself. */
  async #arrived({ client }: FtpLine, temporary: string, { resume, sizeBytes }: UploadOptions): Promise<number> {
    if (resume === undefined) return 0;
    const found = await sizeOf(client, temporary);
    if (found === undefined) return 0;
    if (found <= (sizeBytes ?? Number.MAX_SAFE_INTEGER)) return found;
    await client.sendIgnoringError(`DELE ${temporary}`);
    return 0;
  }

  async #with<T>(work: (line: FtpLine) => Promise<T>): Promise<T> {
    const line = await this.#take();
    try {
      return await work(line);
    } catch (error) {
      throw ftpError(this.label, error);
    } finally {
      this.#give(line);
    }
  }

  async #take(): Promise<FtpLine> {
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) {
      if (!free.client.closed) return free;
      this.#all.delete(free);
    }
    const line = await openLine(this.#options);
    this.#features = line.features;
    this.#all.add(line);
    if (this.#closed) line.client.close();
    return line;
  }

  #give(line: FtpLine): void {
    if (line.client.closed) this.#all.delete(line);
    else this.#free.push(line);
  }
}

const NONE = "FTP has no word for it";
const SECOND_NS = 1_000_000_000n;

/** Some servers tell of a link what it leads to: its line in a listing begins with "l". */
async function isLink(client: FtpLine["client"], path: string): Promise<boolean> {
  const { message } = await client.sendIgnoringError(`STAT ${path.slice(0, path.lastIndexOf("/") + 1) || "."}`);
  const name = path.slice(path.lastIndexOf("/") + 1);
  return message.split(/\r?\n/).some((line) => /^\s*(?:21[123]-)?\s*l/.test(line) && line.includes(` ${name} -> `));
}
