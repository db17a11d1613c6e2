import type { Attributes, Upload } from "../remote/store.ts";
import { entryError } from "../remote/store-error.ts";
import { fileAttributes, ownerOf } from "./attributes.ts";
import type { Calls } from "./calls.ts";

interface Write {
  readonly endBytes: number;
  done: boolean;
}

/** A file under a temporary name beside its own, written at many places at once. */
export class SftpUpload implements Upload {
  readonly #calls: Calls;
  readonly #handle: Uint8Array;
  readonly #temporary: string;
  readonly #path: string;
  readonly #attributes: Attributes;
  readonly #wishes: { readonly owners: boolean; readonly sync: boolean };
  /** In ascending order. */
  readonly #writes: Write[] = [];
  #arrivedBytes: number;
  /** The end of what was written, answered or not. */
  #endBytes: number;
  #error: unknown;
  #closed = false;

  constructor(
    calls: Calls,
    file: { readonly handle: Uint8Array; readonly temporary: string; readonly path: string; readonly arrivedBytes: number },
    attributes: Attributes,
    wishes: { readonly owners: boolean; readonly sync: boolean },
  ) {
    this.#calls = calls;
    this.#handle = file.handle;
    this.#temporary = file.temporary;
    this.#path = file.path;
    this.#arrivedBytes = file.arrivedBytes;
    this.#endBytes = file.arrivedBytes;
    this.#attributes = attributes;
    this.#wishes = wishes;
  }

  get arrivedBytes(): number {
    return this.#arrivedBytes;
  }

  write(bytes: Uint8Array, offsetBytes: number): Promise<void> | void {
    if (this.#error !== undefined) throw this.#error;
    const { session } = this.#calls;
    for (let at = 0; at < bytes.length; at += session.maxDataBytes)
      this.#writeOne(bytes.subarray(at, at + session.maxDataBytes), offsetBytes + at);
    return session.room();
  }

  async finish(sizeBytes: number): Promise<void> {
    const { owners, sync } = this.#wishes;
    const owner = owners ? ownerOf(this.#attributes) : undefined;
    // Answered in order: all of it goes out together. A change of owner takes away setuid, so that the mode comes after it.
    const sized = this.#endBytes === sizeBytes ? undefined : this.#calls.setHandle(this.#handle, { sizeBytes });
    const owned = owner === undefined ? undefined : this.#calls.setHandle(this.#handle, { owner });
    const set = this.#calls.setHandle(this.#handle, fileAttributes(this.#attributes));
    const synced = sync ? this.#calls.sync(this.#handle) : undefined;
    const found = this.#calls.statHandle(this.#handle);
    const closed = this.#close();
    const answers = await Promise.allSettled([sized, owned, set, synced, found, closed]);
    if (this.#error !== undefined) throw this.#error;
    for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
    const { sizeBytes: arrived } = await found;
    if (arrived !== undefined && arrived !== sizeBytes)
      throw entryError(`${arrived} bytes have arrived, where ${sizeBytes} were sent`);
  }

  async publish(): Promise<void> {
    await this.#calls.rename(this.#temporary, this.#path);
  }

  async discard(how: "remove" | "keep"): Promise<void> {
    if (this.#calls.session.isOver) return;
    const tidied = [this.#closed ? undefined : this.#close()];
    if (how === "remove") tidied.push(this.#calls.remove(this.#temporary));
    await Promise.allSettled(tidied);
  }

  #writeOne(bytes: Uint8Array, offsetBytes: number): void {
    const write: Write = { endBytes: offsetBytes + bytes.length, done: false };
    this.#writes.push(write);
    this.#endBytes = write.endBytes;
    this.#calls.write(this.#handle, offsetBytes, bytes).then(
      () => {
        write.done = true;
        for (let first = this.#writes[0]; first?.done === true; first = this.#writes[0]) {
          this.#arrivedBytes = first.endBytes;
          this.#writes.shift();
        }
      },
      (error: unknown) => {
        this.#error ??= error;
      },
    );
  }

  #close(): Promise<void> {
    this.#closed = true;
    return this.#calls.close(this.#handle);
  }
}
