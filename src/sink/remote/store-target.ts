import { randomUUID } from "node:crypto";
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { NomountError } from "../../error.ts";
import type { Target } from "../target.ts";
import type { RemoteOptions } from "./remote-options.ts";
import { Retry } from "./retry.ts";
import type { Store, Upload } from "./store.ts";
import { entryError, refusedError, StoreError } from "./store-error.ts";

/** So much of what was written last is kept: what a broken line has lost of it is sent again. */
const KEPT_BYTES = 16 * 1024 * 1024;

interface Kept {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

/** A stream of bytes into one file of a store, without a file of this machine in between. */
export class StoreTarget implements Target {
  readonly label: string;
  readonly #store: Store;
  readonly #name: string;
  readonly #options: RemoteOptions;
  readonly #abort = new AbortController();
  readonly #retry: Retry;
  /** The same in each attempt of this run, and nobody else's. */
  readonly #key = randomUUID().replaceAll("-", "").slice(0, 20);
  #stream: Writable | undefined;
  #upload: Upload | undefined;
  /** Something of it may be there. */
  #isBegun = false;
  #kept: Kept[] = [];
  #keptBytes = 0;
  #sentBytes = 0;

  constructor(store: Store, name: string, options: RemoteOptions = {}) {
    this.label = `${store.label.replace(/\/$/, "")}/${name}`;
    this.#store = store;
    this.#name = name;
    this.#options = options;
    this.#retry = new Retry(options, this.#abort.signal);
  }

  async open(): Promise<Writable> {
    await this.#again(async () => {
      if (this.#options.existing === "refuse" && (await this.#store.look(this.#name)) !== undefined)
        throw entryError("it is there already");
      await this.#begin();
    });
    this.#stream = new Writable({
      highWaterMark: 0,
      write: (bytes: Uint8Array, _, done) => {
        // The bytes are the writer's again after this.
        this.#write(Uint8Array.from(bytes)).then(() => done(), done);
      },
    });
    return this.#stream;
  }

  async commit(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (!stream.writableEnded) stream.end();
    await finished(stream);
    await this.#again(async () => {
      await this.#upload?.finish(this.#sentBytes);
      await this.#upload?.publish();
    });
    this.#upload = undefined;
    await this.#store.close();
  }

  async discard(): Promise<void> {
    this.#abort.abort(new NomountError("sink", `${this.label}: ended before it was complete`));
    this.#stream?.on("error", () => undefined).destroy();
    await this.#upload?.discard("remove");
    this.#upload = undefined;
    await this.#store.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#kept.push({ offsetBytes: this.#sentBytes, bytes });
    this.#keptBytes += bytes.length;
    while (this.#keptBytes - (this.#kept[0]?.bytes.length ?? 0) > KEPT_BYTES)
      this.#keptBytes -= this.#kept.shift()?.bytes.length ?? 0;
    const offsetBytes = this.#sentBytes;
    this.#sentBytes += bytes.length;
    await this.#again(async (isFirst) => {
      // A later attempt has begun by sending all that is kept, this included.
      if (isFirst) await this.#upload?.write(bytes, offsetBytes);
    });
  }

  /** Does work on the upload, and after a broken line on another that goes on where that has stopped. */
  async #again(work: (isFirst: boolean) => Promise<void>): Promise<void> {
    let isFirst = true;
    try {
      await this.#retry.run(async () => {
        if (!isFirst) await this.#begin();
        const first = isFirst;
        isFirst = false;
        await work(first);
      });
    } catch (error) {
      throw error instanceof StoreError ? named(this.label, error) : error;
    }
  }

  async #begin(): Promise<void> {
    await this.#store.open();
    const begun = this.#store.upload(this.#name, {
      sizeBytes: undefined,
      attributes: NO_ATTRIBUTES,
      key: this.#key,
      resume: this.#isBegun ? (this.#upload?.arrivedBytes ?? 0) : undefined,
    });
    this.#isBegun = true;
    const upload = await begun;
    this.#upload = upload;
    const beginBytes = upload.arrivedBytes;
    if (beginBytes < (this.#kept[0]?.offsetBytes ?? 0))
      throw refusedError("the line broke, and the server has lost more than is kept here: begin again");
    for (const { offsetBytes, bytes } of this.#kept) {
      const skip = Math.max(0, beginBytes - offsetBytes);
      if (skip < bytes.length) await upload.write(bytes.subarray(skip), offsetBytes + skip);
    }
  }
}

const NO_ATTRIBUTES = {
  mode: undefined,
  uid: undefined,
  gid: undefined,
  modifiedNs: undefined,
  accessedNs: undefined,
  createdNs: undefined,
};

function named(label: string, error: StoreError): StoreError {
  return error.message.startsWith(label)
    ? error
    : new StoreError(`${label}: ${error.message}`, { ...error, cause: error.cause });
}
