import { PassThrough } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import type { Attributes, Upload } from "../remote/store.ts";
import { lineError, StoreError } from "../remote/store-error.ts";
import { sizeOf, timeText } from "./facts.ts";
import { type FtpLine, ftpError, wire } from "./ftp-line.ts";

const POLL_MS = 5;
const ZEROS = new Uint8Array(64 * 1024);

/** A file under a temporary name beside its own: one stream of bytes on a connection of its own. */
export class FtpUpload implements Upload {
  readonly arrivedBytes: number;
  readonly #line: FtpLine;
  readonly #label: string;
  readonly #temporary: string;
  readonly #path: string;
  readonly #attributes: Attributes;
  readonly #release: () => void;
  readonly #remove: () => Promise<void>;
  readonly #stream = new PassThrough({ highWaterMark: 512 * 1024 });
  readonly #transfer: Promise<unknown>;
  #error: StoreError | undefined;
  #endBytes: number;
  #isReleased = false;

  constructor(
    line: FtpLine,
    label: string,
    file: { readonly temporary: string; readonly path: string; readonly arrivedBytes: number },
    attributes: Attributes,
    { release, remove }: { readonly release: () => void; readonly remove: () => Promise<void> },
  ) {
    this.#line = line;
    this.#label = label;
    this.#temporary = wire(file.temporary);
    this.#path = wire(file.path);
    this.arrivedBytes = file.arrivedBytes;
    this.#endBytes = file.arrivedBytes;
    this.#attributes = attributes;
    this.#release = release;
    this.#remove = remove;
    const { client } = line;
    this.#transfer = (
      file.arrivedBytes > 0
        ? client.appendFrom(this.#stream, this.#temporary)
        : client.uploadFrom(this.#stream, this.#temporary)
    ).catch((error: unknown) => {
      this.#error = ftpError(label, error);
      // Whoever waits for room need not any more.
      this.#stream.destroy();
    });
    this.#stream.on("error", () => undefined);
  }

  write(bytes: Uint8Array, offsetBytes: number): Promise<void> | void {
    if (offsetBytes === this.#endBytes) return this.#write(bytes);
    return this.#fill(offsetBytes).then(() => this.#write(bytes));
  }

  async finish(sizeBytes: number): Promise<void> {
    await this.#fill(sizeBytes);
    if (this.#endBytes === this.arrivedBytes) await this.#secured();
    this.#stream.end();
    await this.#transfer;
    if (this.#error !== undefined) throw this.#error;
    const { client, features } = this.#line;
    await this.#trying(async () => {
      const arrived = await sizeOf(client, this.#temporary);
      if (arrived !== undefined && arrived !== sizeBytes)
        throw new StoreError(`${arrived} bytes have arrived, where ${sizeBytes} were sent`, {
          transient: true,
          concerns: "entry",
        });
      const { mode, modifiedNs } = this.#attributes;
      if (features.setMode && mode !== undefined)
        await client.sendIgnoringError(`SITE CHMOD ${(mode & 0o7777).toString(8).padStart(4, "0")} ${this.#temporary}`);
      if (features.setTime && modifiedNs !== undefined)
        await client.sendIgnoringError(`MFMT ${timeText(modifiedNs)} ${this.#temporary}`);
    });
  }

  async publish(): Promise<void> {
    const { client } = this.#line;
    await this.#trying(async () => {
      await client.send(`RNFR ${this.#temporary}`);
      const { code } = await client.sendIgnoringError(`RNTO ${this.#path}`);
      if (code < 400) return;
      // A server that replaces nothing: both is not one step then.
      await client.sendIgnoringError(`DELE ${this.#path}`);
      await client.send(`RNFR ${this.#temporary}`);
      await client.send(`RNTO ${this.#path}`);
    });
    this.#give();
  }

  async discard(how: "remove" | "keep"): Promise<void> {
    if (this.#isReleased) return;
    const { client } = this.#line;
    // There is no other way to end a transfer that every server knows: its connection ends, and another one tidies up.
    if (!this.#stream.writableFinished) {
      client.close();
      this.#stream.destroy();
    }
    await this.#transfer;
    this.#give();
    if (how === "remove") await this.#remove().catch(() => undefined);
  }

  #write(bytes: Uint8Array): Promise<void> | void {
    if (this.#error !== undefined || this.#stream.destroyed) return this.#fail();
    this.#endBytes += bytes.length;
    if (this.#stream.write(bytes)) return;
    return new Promise<void>((resolve, reject) => {
      const drained = (): void => {
        this.#stream.off("close", closed);
        resolve();
      };
      const closed = (): void => {
        this.#stream.off("drain", drained);
        this.#fail().catch(reject);
      };
      this.#stream.once("drain", drained).once("close", closed);
    });
  }

  /** Nothing reads the stream any more: why, the transfer says, or else its end is made certain. */
  async #fail(): Promise<never> {
    this.#line.client.close();
    await this.#transfer;
    throw this.#error ?? lineError(`${this.#label}: the transfer has ended early`);
  }

  async #fill(toBytes: number): Promise<void> {
    while (this.#endBytes < toBytes) await this.#write(ZEROS.subarray(0, Math.min(ZEROS.length, toBytes - this.#endBytes)));
  }

  /** A stream that ends before the encryption of its connection is agreed on is a broken one to some servers: an empty one waits. */
  async #secured(): Promise<void> {
    const { ftp } = this.#line.client;
    const isReady = (): boolean => {
      const { dataSocket } = ftp;
      return dataSocket !== undefined && !(dataSocket instanceof TLSSocket && dataSocket.getFinished() === undefined);
    };
    while (ftp.hasTLS && this.#error === undefined && !isReady()) await pause(POLL_MS);
  }

  async #trying<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw ftpError(this.#label, error);
    }
  }

  #give(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#release();
  }
}
